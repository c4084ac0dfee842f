// <ef-curves>: signals over time, one small chart each, with the playhead and what was found there.
import { LitElement, css, html, nothing, unsafeCSS } from "lit";
import uPlot from "uplot";
import uplotCss from "uplot/dist/uPlot.min.css";
import { Redraw, base, color, printing, room } from "./look";
import { type Finding, type Signal, type Timeline, phrase, number, seekEvent, tick, words } from "./model";

/** A line of a chart: a name for the legend and its measurement. */
export interface Line { name: string; signal: Signal; timeline: Timeline }

/**
 * Properties: `charts` (title to lines), `meanings` (title to what is measured), `findings`,
 * `frame` and `timeline` (the playhead), `few` (charts shown at first). Event: `ef-seek`.
 */
export class EfCurves extends LitElement {
  static properties = {
    charts: { attribute: false }, meanings: { attribute: false }, findings: { attribute: false },
    frame: { type: Number }, timeline: { attribute: false }, few: { type: Number }, all: { state: true },
  };
  declare charts: Record<string, Line[]>;
  declare meanings: Record<string, string>;
  declare findings: Finding[];
  declare frame: number;
  declare timeline: Timeline;
  declare few: number;
  declare all: boolean;
  private plots = new Map<string, uPlot>();
  private seen = new Set<string>();
  private watch?: IntersectionObserver;

  constructor() {
    super();
    this.charts = {};
    this.meanings = {};
    this.findings = [];
    this.frame = -1;
    this.few = 6;
    this.all = false;
    new Redraw(this, () => this.redraw());
  }

  static styles = [unsafeCSS(uplotCss), base, css`
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 12px; }
    section { background: var(--ef-panel); border: 1px solid var(--ef-line); border-radius: 10px; padding: 10px 12px 6px; min-width: 0; }
    header { display: flex; gap: 8px; align-items: baseline; }
    h3 { font-size: 14px; margin: 0; font-weight: 650; white-space: nowrap; }
    header .num { margin-left: auto; white-space: nowrap; font-size: 13.5px; }
    .what { font-size: 12.5px; color: var(--ef-faint); margin: 1px 0 4px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .plot { height: 112px; position: relative; }
    .head { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: var(--ef-accent); pointer-events: none; }
    .u-hz .u-cursor-x, .u-hz .u-cursor-y { border-color: var(--ef-faint); }
    .u-over { cursor: crosshair; }
    .key { display: inline-block; width: 14px; height: 3px; border-radius: 2px; vertical-align: middle; margin: 0 4px 0 10px; }
    .more { margin-top: 12px; }
    .missing { font-size: 13.5px; color: var(--ef-faint); margin: 3px 0 0; }
    .missing:first-of-type { margin-top: 12px; }
    @media print { .head { display: none; } section { break-inside: avoid; } .grid { grid-template-columns: 1fr 1fr; } }
  `];

  disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watch?.disconnect();
    for (const plot of this.plots.values()) plot.destroy();
    this.plots.clear();
  }

  protected updated(changed: Map<string, unknown>): void {
    if (changed.has("charts")) {
      for (const plot of this.plots.values()) plot.destroy();
      this.plots.clear();
    }
    this.watch ??= new IntersectionObserver((entries) => {
      for (const entry of entries)
        if (entry.isIntersecting) this.plot((entry.target as HTMLElement).dataset.name!);
    }, { rootMargin: "200px" });
    this.watch.disconnect();
    for (const holder of this.renderRoot.querySelectorAll(".plot")) this.watch.observe(holder);
    this.playhead();
  }

  private playhead(): void {
    if (this.frame < 0 || !this.timeline) return;
    const middle = (this.timeline.time(this.frame) + this.timeline.time(this.frame + 1)) / 2;
    for (const plot of this.plots.values()) {
      let head = plot.over.querySelector<HTMLElement>(".head");
      if (!head) {
        head = document.createElement("div");
        head.className = "head";
        plot.over.append(head);
      }
      head.style.left = `${plot.valToPos(middle, "x")}px`;
    }
  }

  private redraw(): void {
    if (printing()) for (const name of Object.keys(this.charts)) this.plot(name);
    for (const [name, plot] of this.plots) {
      const holder = this.holder(name);
      const wide = room(holder?.clientWidth ?? 0, PAPER_SHARE);
      if (wide && wide !== plot.width) plot.setSize({ width: wide, height: 112 });
      else plot.redraw(false);
    }
    this.playhead();
  }

  private holder(name: string): HTMLElement | null {
    return this.renderRoot.querySelector(`.plot[data-name="${CSS.escape(name)}"]`);
  }

  private plot(name: string): void {
    const holder = this.holder(name);
    const lines = this.charts[name];
    if (!holder || !holder.clientWidth || this.plots.has(name) || !lines) return;
    this.seen.add(name);
    const tables = lines.map((line) => points(line));
    const data = tables.length === 1 ? tables[0] : uPlot.join(tables as uPlot.AlignedData[]);
    const unit = lines[0].signal.unit ?? "";
    const marked = this.findings.filter((finding) => finding.evidence.signal === name);
    const { timeline } = this;
    const plot = new uPlot({
      width: room(holder.clientWidth, PAPER_SHARE),
      height: 112,
      padding: [6, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 6 }, y: false },
      scales: { x: { time: false, range: () => [timeline.start, timeline.stop] } },
      axes: [
        { stroke: () => color(this, "faint"), grid: { show: false }, size: 24, gap: 3, font: FONT,
          ticks: { stroke: () => color(this, "line"), size: 4 },
          values: (_, splits) => splits.map((v, i) => tick(v, i ? v - splits[i - 1] : splits[1] - v)) },
        { stroke: () => color(this, "faint"), size: 46, gap: 3, font: FONT, space: 20,
          grid: { stroke: () => color(this, "line"), width: 1 }, ticks: { show: false },
          values: (_, splits) => splits.map((v) => number(v)) },
      ],
      series: [{}, ...lines.map((line, i) => ({
        label: line.name, width: 1.5, stroke: () => color(this, `line${i + 1}`), spanGaps: tables.length > 1,
        points: { show: false } }))],
      hooks: {
        drawClear: [(u: uPlot) => {
          const pen = u.ctx;
          pen.save();
          for (const finding of marked) {
            const a = u.valToPos(finding.start_s, "x", true);
            const b = u.valToPos(finding.end_s, "x", true);
            pen.fillStyle = color(this, "mark");
            pen.fillRect(a, u.bbox.top, Math.max(2, b - a), u.bbox.height);
          }
          pen.restore();
        }],
        setCursor: [(u: uPlot) => {
          const place = u.cursor.idx;
          const readout = this.renderRoot.querySelector(`[data-readout="${CSS.escape(name)}"]`);
          if (!readout) return;
          if (place === null || place === undefined || (u.cursor.left ?? -1) < 0) { readout.textContent = summary(lines); return; }
          const values = u.data.slice(1).map((column) => number(column[place]));
          readout.textContent = `${values.join(" · ")} ${unit} at ${tick(u.data[0][place], 0.05)}`;
        }],
        ready: [(u: uPlot) => {
          u.over.addEventListener("click", () => {
            const left = u.cursor.left ?? -1;
            if (left >= 0) this.dispatchEvent(seekEvent(timeline.frame(u.posToVal(left, "x"))));
          });
        }],
      },
    }, data as uPlot.AlignedData, holder);
    this.plots.set(name, plot);
    this.playhead();
  }

  protected render(): unknown {
    const names = Object.keys(this.charts);
    const measured = names.filter((name) => this.charts[name].some((line) => line.signal.series || line.signal.series_per_second));
    const single = names.filter((name) => !measured.includes(name) && this.charts[name].some((line) => line.signal.summary !== null));
    const missing = names.filter((name) => this.charts[name].every((line) => line.signal.summary === null));
    const reasons = new Map<string, string[]>();
    for (const name of missing) {
      const reason = this.charts[name][0].signal.reason ?? "not measured";
      reasons.set(reason, [...(reasons.get(reason) ?? []), phrase(name)]);
    }
    const shown = this.all ? measured : measured.slice(0, this.few);
    return html`
      <div class="grid">${shown.map((name) => html`<section>
        <header><h3>${words(name)}</h3>${this.charts[name].length > 1 ? html`<span class="faint" style="font-size:12.5px">${this.charts[name].map((line, i) => html`<i class="key" style="background:var(--ef-line${i + 1})"></i>${line.name}`)}</span>` : nothing}
          <span class="num faint" data-readout=${name}>${summary(this.charts[name])}</span></header>
        <div class="what" title=${this.meanings[name] ?? ""}>${[this.meanings[name], better(this.charts[name])].filter(Boolean).join(" · ") || "\u00a0"}</div>
        <div class="plot" data-name=${name} role="img" aria-label=${`${words(name)} over time: ${summary(this.charts[name])}`}></div>
      </section>`)}</div>
      ${shown.length < measured.length ? html`<p class="more"><button @click=${() => { this.all = true; }}>Show all ${measured.length} curves</button></p>` : nothing}
      ${single.length ? html`<p class="missing">One number for the clip: ${single.map((name) => `${phrase(name)} ${summary(this.charts[name])}`).join("; ")}.</p>` : nothing}
      ${[...reasons].map(([reason, all]) => html`<p class="missing">Not measured (${reason}): ${all.join(", ")}.</p>`)}`;
  }
}

/** Two charts stand beside each other on paper. */
const PAPER_SHARE = 0.455;
const FONT = "11px system-ui, sans-serif";

const better = (lines: Line[]): string => {
  const way = lines[0].signal.better;
  return way === "lower" || way === "higher" ? `${way} is better` : "";
};

const summary = (lines: Line[]): string =>
  lines.map((line) => (line.signal.summary === null ? "–" : number(line.signal.summary))).join(" · ") +
  (lines[0].signal.unit ? ` ${lines[0].signal.unit}` : "");

/** Times and values of a line; a long clip has one value a second, in the middle of it. */
const points = ({ signal, timeline }: Line): [number[], (number | null)[]] => {
  if (signal.series) return [signal.series.map((_, i) => timeline.time(timeline.first + i)), signal.series];
  const values = signal.series_per_second ?? [];
  return [values.map((_, i) => i + 0.5), values];
};

customElements.define("ef-curves", EfCurves);
