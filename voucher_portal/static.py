"""Which static files are served: of the packages in node_modules only what pages use."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage

OTHER_BUILDS = [
    "*.rtl.*",
    "*.esm.*",
    "*.amd.js",
    "*.cjs.js",
    "htmx.js",
    "echarts.js",
    "echarts.min.js",
    "echarts.common.js",
    "echarts.simple*",
    "extension",
    "ext",
    "leaflet-src.*",
    "tabler.css",
    "tabler.js",
    "tabler-flags*",
    "tabler-marketing*",
    "tabler-payments*",
    "tabler-props*",
    "tabler-socials*",
    "tabler-themes*",
    "tabler-theme.*",
    "tabler-vendors*",
    "tabler-icons.css",
    "tabler-icons-[23]00*",
    "tabler-icons-filled*",
]
NOT_FOR_BROWSERS = ["*.map", "*.ts", "*.mts", "*.scss", "*.html", "*.gz", "*.md", "*.json", "docs", "test", "scss"]


class PortalStaticFiles(StaticFilesConfig):
    """`collectstatic` without the builds that no page names."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, *OTHER_BUILDS, *NOT_FOR_BROWSERS]


class PortalStaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and compressed twins; links to source maps, which we do not serve, are left as they are."""

    patterns = tuple(
        (glob, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for glob, rules in CompressedManifestStaticFilesStorage.patterns
    )
