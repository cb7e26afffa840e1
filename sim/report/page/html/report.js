"use strict";
// Unpacks plotly.js, draws the figures, and wires the two selectors.
// On the root element, data-ready tells that every chart stands, data-error what went wrong.
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const narrow = matchMedia("(max-width: 600px)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paperWidth = 680; // A4 and Letter, within their margins, in CSS pixels
  const paperHeight = { chips: 0.46, curves: 0.64 }; // of that on a screen: two charts a page
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
      font: { family: font, color: ink, size: printing ? 10 : narrow.matches ? 11 : 13 },
      hoverlabel: { bgcolor: paper, bordercolor: faint, font: { color: ink }, align: "left" },
      dragmode: false,
    };
    const hasChips = layout.yaxis?.showgrid === false;
    if (printing) {
      dressed.width = paperWidth;
      dressed.height = layout.height * (hasChips ? paperHeight.chips : paperHeight.curves);
      dressed.autosize = false;
    } else if (narrow.matches) {
      // Words beside bars are smaller there, too.
      dressed.margin = { ...layout.margin, r: Math.min(layout.margin.r, 90) };
    }
    for (const key of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      dressed[key] = { gridcolor: faint, zerolinecolor: faint, linecolor: faint, tickangle: 0,
                       nticks: narrow.matches && !printing ? 3 : 8, ...layout[key] };
    }
    // Paper is wide and short: names of chips take a line, their class another.
    if (printing && hasChips) {
      dressed.yaxis.ticktext = layout.yaxis.ticktext.map(
        (name) => name.replaceAll(/<br>(?!<i>)/g, " "));
    }
    return dressed;
  }

  function draw(id, figure) {
    const config = { responsive: true, displaylogo: false, displayModeBar: false };
    return Plotly.react(byId(id), figure.data, themed(figure.layout), config);
  }

  // Some have one figure a chip, chosen above the chart; null means nothing to draw.
  function current(id) {
    const figure = figures[id];
    return Array.isArray(figure) ? figure[byId(id + "-chip").selectedIndex].figure : figure;
  }

  const names = Object.keys(figures).filter((id) => figures[id] !== null);
  const drawAll = () => Promise.all(names.map((id) => draw(id, current(id))));

  // The numbers of a chart, one line a point; chips by name where they stand on an axis.
  function csv(id) {
    const { data, layout } = current(id);
    const quoted = (cell) => '"' + String(cell ?? "").replaceAll('"', '""') + '"';
    const text = (html) => new DOMParser().parseFromString(
      String(html).replaceAll("<br>", " "), "text/html").body.textContent;
    const along = (axis, value) => {
      // Markers of several series stand beside one another around a name.
      const tick = Math.round(value);
      const place = axis?.showgrid === false ? axis.tickvals.indexOf(tick) : -1;
      return place < 0 ? value : text(axis.ticktext[place]);
    };
    const title = (axis, name) => text(axis?.title?.text ?? name);
    // Where a value may lie: whiskers, or what is not drawn for want of room.
    const ends = (trace, i) => {
      const { array, arrayminus, visible } = trace.error_x ?? {};
      if (!array || visible === false) return trace.customdata?.[i] ?? [null, null];
      const below = (arrayminus ?? array)[i];
      return [below == null ? null : trace.x[i] - below,
              array[i] == null ? null : trace.x[i] + array[i]];
    };
    const range = layout.meta?.range ?? "";
    const head = ["series", title(layout.xaxis, "share"), title(layout.yaxis, "chip")];
    const lines = [range ? [...head, "low (" + range + ")", "high (" + range + ")"] : head];
    for (const trace of data.filter((trace) => trace.name && trace.hoverinfo === "text")) {
      trace.x.forEach((x, i) => {
        if (x === null) return;
        const line = [text(trace.meta ?? trace.name), along(layout.xaxis, x),
                      along(layout.yaxis, trace.y[i])];
        lines.push(range ? [...line, ...ends(trace, i)] : line);
      });
    }
    return lines.map((line) => line.map(quoted).join(",") + "\r\n").join("");
  }

  function save(id) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(id)], { type: "text/csv" }));
    link.download = "memwall-" + id + ".csv";
    link.click();
    URL.revokeObjectURL(link.href);
  }

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
    for (const id of names) {
      byId(id + "-chip")?.addEventListener("change", () => draw(id, current(id)));
      byId(id + "-csv")?.addEventListener("click", () => save(id));
    }
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
