"use strict";
// Unpacks plotly.js, draws the figures, and wires the two selectors.
// On the root element, data-ready tells that every chart stands, data-error what went wrong.
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const narrow = matchMedia("(max-width: 600px)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paperWidth = 680; // A4 and Letter, within their margins, in CSS pixels
  const figures = JSON.parse(byId("figures").textContent);
  let printing = false;

  async function unpackPlotly() {
    const packed = Uint8Array.from(atob(byId("plotly").textContent), (c) => c.charCodeAt(0));
    const stream = new DecompressionStream("gzip");
    const writer = stream.writable.getWriter();
    const written = writer.write(packed).then(() => writer.close());
    const [source] = await Promise.all([new Response(stream.readable).text(), written]);
    const script = document.createElement("script");
    script.textContent = source;
    document.head.append(script);
  }

  // The page's own colours, so that charts follow its theme and paper.
  function theme() {
    const style = getComputedStyle(document.body);
    const value = (name) => style.getPropertyValue(name).trim();
    return { ink: value("--ink"), faint: value("--line"), paper: value("--paper"),
             font: style.fontFamily };
  }

  function themed(layout) {
    const { ink, faint, paper, font } = theme();
    const dressed = {
      ...layout,
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: font, color: ink, size: narrow.matches ? 11 : 13 },
      hoverlabel: { bgcolor: paper, bordercolor: faint, font: { color: ink }, align: "left" },
      dragmode: false,
    };
    if (printing) dressed.width = paperWidth;
    for (const key of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      dressed[key] = { gridcolor: faint, zerolinecolor: faint, linecolor: faint, tickangle: 0,
                       nticks: narrow.matches ? 3 : 8, ...layout[key] };
    }
    return dressed;
  }

  function draw(id, figure) {
    const config = { responsive: true, displaylogo: false, displayModeBar: false };
    return Plotly.react(byId(id), figure.data, themed(figure.layout), config);
  }

  // The roofline has one figure a chip; the others are one each; null means nothing to draw.
  function current(id) {
    const figure = figures[id];
    return Array.isArray(figure) ? figure[byId("roofline-chip").selectedIndex].figure : figure;
  }

  const names = Object.keys(figures).filter((id) => figures[id] !== null);
  const drawAll = () => Promise.all(names.map((id) => draw(id, current(id))));

  function filterProvenance() {
    const chip = byId("provenance-chip").value;
    for (const row of document.querySelectorAll("#provenance tbody tr")) {
      row.hidden = chip !== "" && row.dataset.chip !== chip;
    }
  }

  function onPrint(begins) {
    printing = begins;
    root.dataset.print = String(begins);
    drawAll();
  }

  function wire() {
    byId("roofline-chip")?.addEventListener("change", () => draw("roofline", current("roofline")));
    byId("provenance-chip")?.addEventListener("change", filterProvenance);
    for (const query of [dark, narrow]) query.addEventListener("change", drawAll);
    addEventListener("beforeprint", () => onPrint(true));
    addEventListener("afterprint", () => onPrint(false));
  }

  function fail(error) {
    root.dataset.error = String(error?.message ?? error);
    const note = byId("trouble");
    note.textContent = "The charts could not be drawn (" + root.dataset.error +
      "). They need a browser of 2023 or later; the tables below have the same figures.";
    note.hidden = false;
  }

  addEventListener("error", (event) => fail(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => fail(event.reason));
  unpackPlotly().then(drawAll).then(() => {
    wire();
    root.dataset.charts = String(names.length);
    root.dataset.ready = "true";
  }).catch(fail);
})();
