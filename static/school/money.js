// The money of the months as columns; the table below says the same, and stays open where this cannot run.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-portal-money]");
  if (!place || !window.echarts) return;
  const { months, series } = JSON.parse(document.getElementById(place.dataset.portalMoney).textContent);
  const style = getComputedStyle(document.documentElement);
  const sum = new Intl.NumberFormat("ru", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat("ru", { maximumFractionDigits: 1 });
  const text = { fontFamily: getComputedStyle(document.body).fontFamily, color: style.getPropertyValue("--ink-soft") };
  place.hidden = false;
  const chart = window.echarts.init(place, null, { renderer: "svg" });
  chart.setOption({
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: text,
    color: series.map((each) => style.getPropertyValue(`--state-${each.state}`).trim()),
    // On a phone the legend takes two lines.
    grid: { left: 8, right: 8, top: place.clientWidth < 420 ? 64 : 40, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: text },
    // Rich text is drawn, not written as HTML: the content policy allows no inline style.
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => `${sum.format(value)} ₸` },
    xAxis: { type: "category", data: months, axisTick: { show: false } },
    yAxis: { type: "value", axisLabel: { formatter: (value) => `${short.format(value / 1e6)} млн` } },
    series: series.map((each) => ({ type: "bar", stack: "money", name: each.name, data: each.values, barMaxWidth: 40 })),
  });
  new ResizeObserver(() => chart.resize()).observe(place);
  document.querySelector("[data-portal-money-table]").open = false;
});
