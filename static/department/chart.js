// Money by month as stacked bars. The table below has the same numbers and is folded when the drawing is there.
for (const card of document.querySelectorAll("[data-portal-chart]")) {
  const data = JSON.parse(card.querySelector("script[type='application/json']").textContent);
  if (!data.months.length) continue;
  const place = card.querySelector("[data-portal-chart-place]");
  place.hidden = false;
  card.querySelector("[data-portal-chart-twin]").open = false;

  const style = getComputedStyle(document.body);
  const colourOf = (name) => style.getPropertyValue(`--state-${name}`).trim();
  const text = { color: style.getPropertyValue("--ink-soft").trim(), fontFamily: style.fontFamily, fontSize: 12 };
  const number = new Intl.NumberFormat("ru", { maximumFractionDigits: 1 });
  const chart = window.echarts.init(place);
  chart.setOption({
    animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: text,
    grid: { left: 8, right: 8, top: 32, bottom: 56, containLabel: true },
    legend: { bottom: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: text },
    // Drawn on the canvas: the content policy allows no style in the page's own markup.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      axisPointer: { type: "shadow" },
      formatter: (points) =>
        [
          data.titles[points[0].dataIndex],
          ...points.map((point) => `${point.seriesName}: ${number.format(point.value)} ${data.unit}`),
        ].join("\n"),
    },
    xAxis: { type: "category", data: data.months, axisTick: { show: false }, axisLabel: text },
    yAxis: { type: "value", name: data.unit, nameTextStyle: { ...text, align: "right" }, axisLabel: { ...text, formatter: (value) => number.format(value) } },
    series: data.series.map((series) => ({
      name: series.name,
      type: "bar",
      stack: "money",
      barMaxWidth: 60,
      data: series.values,
      itemStyle: { color: colourOf(series.colour) },
    })),
  });
  new ResizeObserver(() => chart.resize()).observe(place);
}
