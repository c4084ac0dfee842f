// <ef-compare-page>: two or three clips in one page: player, scores, differences, where, curves.
import { LitElement, css, html, nothing } from "lit";
import "./compare";
import type { EfCompare, Track } from "./compare";
import "./curves";
import type { Line } from "./curves";
import "./heatmap";
import { base } from "./look";
import { type ReportData, Timeline, clock, jnd, number, severityStep, words } from "./model";
import { help, isOurs, shell, showHelp, toggleTheme } from "./shell";

const LETTERS = "ABC";

/** A paired difference, as the page shows it: the second clip less the first. */
export interface Difference {
  what: string; unit: string; difference: number | null; low: number | null; high: number | null;
  better: string | null; reason: string | null; where: string;
}

export interface ComparePageData {
  schema: string;
  reports: ReportData[];
  verdict: string[];                              // sentences
  pairs: { title: string; rows: Difference[] }[];  // tables of differences
  ranking: { name: string; rank: string; score: string }[];
  notes: string[];
}

const KEYS: [string[], string][] = [
  [["S"], "side by side"], [["W"], "wipe; drag the line"], [["X"], "blink: the other one"],
  [["D"], "difference"], [["C"], "another pair of three"], [[",", "."], "one frame back, one frame on"],
  [["J", "K", "L"], "a second back, stop, play"], [["Space"], "play or pause"],
  [["N", "P"], "next and previous finding of any clip"], [["?"], "this help"],
];

/** Property: `data`, what `evenflow.reports.html` puts into the page. */
export class EfComparePage extends LitElement {
  static properties = { data: { attribute: false }, frames: { state: true }, ready: { state: true } };
  declare data: ComparePageData;
  declare frames: number[];
  declare ready: boolean;
  private tracks: Track[] = [];
  private charts: Record<string, Line[]> = {};

  constructor() {
    super();
    this.frames = [];
    this.ready = false;
  }

  static styles = [base, shell, css`
    .maps { display: grid; gap: 10px; }
    .maps h3 { font-size: 14px; margin: 0 0 8px; font-weight: 650; }
    .table { overflow-x: auto; }
    table { border-collapse: collapse; font-size: 13.5px; width: 100%; }
    th { text-align: left; font-weight: 500; color: var(--ef-faint); padding: 2px 14px 6px 0; white-space: nowrap; }
    td { border-top: 1px solid var(--ef-line); padding: 5px 14px 5px 0; font-variant-numeric: tabular-nums; vertical-align: middle; }
    td.span { min-width: 150px; }
    .better { font-weight: 650; }
    .scores { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; margin-bottom: 16px; }
    .scores b { font-size: 34px; line-height: 1; font-weight: 680; font-variant-numeric: tabular-nums; }
    .scores .name { color: var(--ef-faint); font-size: 13.5px; }
    ul.verdict { margin: 0 0 14px; padding-left: 20px; }
    svg { display: block; width: 150px; height: 16px; }
  `];

  connectedCallback(): void { super.connectedCallback(); document.addEventListener("keydown", this.key); }
  disconnectedCallback(): void { super.disconnectedCallback(); document.removeEventListener("keydown", this.key); }

  protected willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("data") || !this.data) return;
    const { reports } = this.data;
    const timelines = reports.map((one) => new Timeline(one.report, one.first_frame, one.seconds));
    const longest = Math.max(...timelines.map((one) => one.stop - one.start));
    for (const one of timelines) one.axisStop = one.start + longest;
    this.tracks = reports.map((one, i) => ({
      name: one.report.clip.path, media: one.media, timeline: timelines[i], missing: one.no_media ?? "" }));
    this.frames = timelines.map((one) => one.first);
    const names = [...new Set(reports.flatMap((one) => Object.keys(one.report.signals)))];
    const accused = new Set(reports.flatMap((one) => one.report.findings.map((f) => f.evidence.signal)));
    names.sort((a, b) => Number(accused.has(b)) - Number(accused.has(a)));
    this.charts = Object.fromEntries(names.map((name) => [name, reports.map((one, i): Line => ({
      name: LETTERS[i], timeline: timelines[i],
      signal: one.report.signals[name] ?? { summary: null, reason: "not in this report" } }))]));
  }

  protected updated(changed: Map<string, unknown>): void {
    if (!changed.has("data") || !this.data) return;
    const deck = this.deck;
    if (deck) void deck.updateComplete.then(() => deck.seek(this.tracks[0].timeline.first)).then(() => { this.ready = true; });
  }

  get deck(): EfCompare | null { return this.renderRoot.querySelector("ef-compare"); }

  /** Goes to a frame of one of the clips. */
  async go(track: number, frame: number): Promise<void> {
    const own = this.tracks[track].timeline;
    const lead = this.tracks[0].timeline;
    const goal = track === 0 ? frame : lead.frame(own.time(frame) - own.time(own.first) + lead.time(lead.first));
    await this.deck?.seek(lead.clamp(goal));
  }

  private walk(by: number): void {
    const lead = this.tracks[0].timeline;
    const now = lead.time(this.frames[0]) - lead.time(lead.first);
    const stops = this.data.reports.flatMap((one, i) => one.report.findings.map((finding) => {
      const own = this.tracks[i].timeline;
      return { i, frame: finding.peak_frame, at: own.time(finding.peak_frame) - own.time(own.first) };
    })).sort((a, b) => a.at - b.at);
    const slack = 0.5 / lead.fps;
    const next = by > 0 ? stops.find((stop) => stop.at > now + slack) ?? stops[0]
      : stops.findLast((stop) => stop.at < now - slack) ?? stops[stops.length - 1];
    if (next) void this.go(next.i, next.frame);
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (!isOurs(event)) return;
    const letter = event.key.toLowerCase();
    if (this.renderRoot.querySelector("dialog")?.open && event.key !== "?") return;
    if (letter === "n") this.walk(1);
    else if (letter === "p") this.walk(-1);
    else if (event.key === "?") showHelp(this.renderRoot);
    else if (!this.deck?.press(event.key)) return;
    event.preventDefault();
  };

  /** The interval as a bar round zero. */
  private interval(row: Difference, reach: number): unknown {
    if (row.low === null || row.high === null || row.difference === null || !(reach > 0)) return nothing;
    const x = (value: number): number => 75 + (Math.max(-reach, Math.min(reach, value)) / reach) * 70;
    const sure = row.low > 0 || row.high < 0;
    const paint = sure ? "var(--ef-accent)" : "var(--ef-faint)";
    return html`<svg viewBox="0 0 150 16" aria-hidden="true"><line x1="75" x2="75" y1="0" y2="16" stroke="var(--ef-line)"></line>
      <line x1=${x(row.low)} x2=${x(row.high)} y1="8" y2="8" stroke=${paint} stroke-width="3"></line>
      <circle cx=${x(row.difference)} cy="8" r="4" fill=${paint}></circle></svg>`;
  }

  private differences(title: string, rows: Difference[]): unknown {
    // Bars of one unit share a scale.
    const reach = new Map<string, number>();
    for (const row of rows)
      for (const value of [row.low, row.high, row.difference])
        if (value !== null) reach.set(row.unit, Math.max(reach.get(row.unit) ?? 0, Math.abs(value)));
    return html`<h2>${title}</h2><div class="card table" tabindex="0" role="region" aria-label=${title}><table>
      <thead><tr><th scope="col">What</th><th scope="col">Difference</th><th scope="col">95 % interval</th><th scope="col"><span class="hidden-text">Drawn</span></th><th scope="col">Better</th><th scope="col">Where</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr><td>${words(row.what)}</td>
        ${row.difference === null ? html`<td colspan="5" class="faint">${row.reason ?? "not assessable"}</td>` : html`
        <td>${row.difference > 0 ? "+" : ""}${number(row.difference)} ${row.unit}</td>
        <td>${row.low === null || row.high === null ? "–" : `${number(row.low)} to ${number(row.high)}`}</td>
        <td class="span">${this.interval(row, reach.get(row.unit) ?? 0)}</td>
        <td class=${row.better && row.better !== "tie" ? "better" : "faint"}>${row.better ?? "–"}</td><td>${row.where}</td>`}</tr>`)}</tbody></table></div>`;
  }

  protected render(): unknown {
    if (!this.data) return nothing;
    const { data, tracks } = this;
    return html`
      <header class="bar"><h1>${tracks.map((track, i) => html`${i ? " · " : nothing}<span class="faint">${LETTERS[i]}</span> ${track.name}`)}</h1>
        <span class="acts"><button @click=${toggleTheme} title="Light or dark" aria-label="Light or dark theme">◐</button>
          <button @click=${() => showHelp(this.renderRoot)} title="Keys ( ? )" aria-label="Keys">?</button>
          <button @click=${() => print()}>Print</button></span></header>
      <main>
      ${data.verdict.length ? html`<ul class="verdict">${data.verdict.map((line) => html`<li>${line}</li>`)}</ul>` : nothing}
      <ef-compare .tracks=${tracks} @ef-frame=${() => { this.frames = [...(this.deck?.frames ?? [])]; }}></ef-compare>
      <h2>Scores</h2>
      <div class="scores">${data.reports.map(({ report, verdict }, i) => {
        const worst = report.findings.reduce<typeof report.findings[number] | null>((best, f) => (!best || f.severity_jnd > best.severity_jnd ? f : best), null);
        return html`<div class="card"><div class="name">${LETTERS[i]} · ${report.clip.path} · ${clock(report.clip.duration_s)}</div>
          <b>${report.score === null ? "–" : report.score.toFixed(1)}</b> ${verdict.word}
          ${worst ? html`<div style="margin-top:8px"><span class="sev sev${severityStep(worst.severity_jnd)}">${jnd(worst.severity_jnd)}</span>
            ${words(worst.kind)} <button @click=${() => this.go(i, worst.peak_frame)} aria-label=${`Go to ${words(worst.kind).toLowerCase()} in ${LETTERS[i]}`}>${clock(worst.start_s)}</button></div>` : html`<div class="faint" style="margin-top:8px">nothing was found</div>`}</div>`;
      })}</div>
      ${data.ranking.length ? html`<h2>Ranking</h2><div class="card table" tabindex="0" role="region" aria-label="Ranking"><table><thead><tr><th>Rank</th><th>Clip</th><th>Score</th></tr></thead><tbody>
        ${data.ranking.map((row) => html`<tr><td>${row.rank}</td><td>${row.name}</td><td>${row.score}</td></tr>`)}</tbody></table></div>` : nothing}
      <h2>Where each breaks <span class="faint">click to go there</span></h2>
      <div class="maps">${data.reports.map(({ report }, i) => html`<section class="card"><h3>${LETTERS[i]} · ${report.clip.path}</h3>
        <ef-heatmap .report=${report} .timeline=${tracks[i].timeline} .frame=${this.frames[i] ?? -1}
          @ef-seek=${(e: CustomEvent) => this.go(i, e.detail.frame)} @ef-choose=${(e: CustomEvent) => this.go(i, e.detail.frame)}
          @ef-walk=${(e: CustomEvent) => this.walk(e.detail.by)}></ef-heatmap></section>`)}</div>
      ${data.pairs.map((pair) => this.differences(pair.title, pair.rows))}
      ${data.notes.map((note) => html`<p class="faint">${note}</p>`)}
      <h2>Signals <span class="faint">${data.reports.map((_, i) => LETTERS[i]).join(" and ")} on one axis</span></h2>
      <ef-curves .charts=${this.charts} .meanings=${data.reports[0].signals} .timeline=${tracks[0].timeline} .frame=${this.frames[0] ?? -1}
        @ef-seek=${(e: CustomEvent) => this.go(0, e.detail.frame)}></ef-curves>
      </main>
      <footer><p>Severity is in just-noticeable differences (JND): 1 is barely visible, 3 is clear, 10 ruins the shot. Clips are compared at equal times.</p>
        <p>Evenflow ${data.reports[0].report.version}</p></footer>
      ${help(KEYS)}`;
  }
}

customElements.define("ef-compare-page", EfComparePage);
