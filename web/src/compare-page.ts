// <ef-compare-page>: two clips or more in one page: player, scores, differences, where, curves.
import { LitElement, css, html, nothing, svg } from "lit";
import { type EfCompare, LETTERS, type Track } from "./compare";
import "./curves";
import type { Line } from "./curves";
import "./heatmap";
import { base } from "./look";
import { type ReportData, Timeline, clock, jnd, phrase, number, severityStep, words } from "./model";
import { help, isOurs, shell, showHelp, toggleTheme } from "./shell";

/** One row of a comparison: the second clip less the first. */
interface Difference {
  value: number | null; low?: number | null; high?: number | null; unit?: string; better?: string;
  first?: number | null; second?: number | null; verdict?: string | null; sure?: boolean; reason?: string;
  level?: number;
}

/** How often such an interval holds the truth, in percent; wider where three clips or more are compared. */
const coverage = (row: Difference): string => String(Number(((row.level ?? 0.95) * 100).toFixed(1)));

interface Where { start_s: number; end_s: number; better: string; by_jnd: number; kinds: string[]; start_frame: number; end_frame: number }

interface Pair {
  first: string; second: string; better: string | null; score: Difference; severity: Difference;
  kinds: Record<string, Difference>; signals: Record<string, Difference>; where: Where[];
}

/** What `compare --json` says, as far as the page shows it. */
interface Comparison {
  common: { start_s: number; end_s: number; block_s: number; blocks: number; level: number };
  notes: string[];
  pairs: Pair[];
  ranking: { clip: string; rank: number | null; score: number | null; tied: string[]; reason?: string }[];
  gate: { clip: string; against: string; clause: string; passed: boolean; value: number | null; reason?: string }[];
}

export interface ComparePageData { schema: string; reports: ReportData[]; comparison: Comparison | null }

const FEW = 8;

const KEYS: [string[], string][] = [
  [["S"], "side by side"], [["W"], "wipe; drag the line"], [["X"], "blink: the other one"],
  [["D"], "difference"], [["C"], "another pair of three"], [[",", "."], "one frame back, one frame on"],
  [["J", "K", "L"], "a second back, stop, play"], [["Space"], "play or pause"],
  [["N", "P"], "next and previous finding of any clip"], [["?"], "this help"],
];

/** Property: `data`, what `evenflow.reports.html` puts into the page. */
export class EfComparePage extends LitElement {
  static properties = { data: { attribute: false }, frames: { state: true }, ready: { state: true }, opened: { state: true } };
  declare data: ComparePageData;
  declare frames: number[];
  declare ready: boolean;
  declare opened: Set<string>;
  private tracks: Track[] = [];
  private charts: Record<string, Line[]> = {};

  constructor() {
    super();
    this.frames = [];
    this.ready = false;
    this.opened = new Set();
  }

  static styles = [base, shell, css`
    .maps { display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; }
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
    ul.verdict { list-style: none; margin: 0 0 14px; padding: 0; font-size: 16px; }
    ul.where { list-style: none; margin: 0 0 12px; padding: 0; }
    ul.where li { padding: 3px 0; }
    h3 { font-size: 14px; margin: 14px 0 6px; font-weight: 650; }
    .card > h3:first-child { margin-top: 0; }
    .good { color: var(--ef-good); font-weight: 650; }
    .bad { color: var(--ef-bad); font-weight: 650; }
    td svg { display: block; width: 150px; height: 16px; }
  `];

  connectedCallback(): void { super.connectedCallback(); document.addEventListener("keydown", this.key); }
  disconnectedCallback(): void { super.disconnectedCallback(); document.removeEventListener("keydown", this.key); }

  protected willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("data") || !this.data) return;
    const { reports } = this.data;
    const timelines = reports.map((one) => new Timeline(one.report, one.first_frame, one.seconds));
    const stop = Math.max(...timelines.map((one) => one.stop));
    for (const one of timelines) one.axisStop = stop;
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
  async go(track: number, frame: number): Promise<void> { await this.goTo(this.tracks[track].timeline.time(frame) + 1e-6); }

  private async goTo(time: number): Promise<void> {
    const lead = this.tracks[0].timeline;
    await this.deck?.seek(lead.clamp(lead.frame(time)));
  }

  private walk(by: number): void {
    const lead = this.tracks[0].timeline;
    const now = lead.time(this.frames[0]);
    const stops = this.data.reports.flatMap((one, i) => one.report.findings.map((finding) =>
      ({ i, frame: finding.peak_frame, at: this.tracks[i].timeline.time(finding.peak_frame) }))).sort((a, b) => a.at - b.at);
    const slack = 0.75 / lead.fps;
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
    const { value, low, high } = row;
    if (value === null || !(reach > 0)) return nothing;
    const x = (at: number): number => 75 + (Math.max(-reach, Math.min(reach, at)) / reach) * 70;
    const sure = row.verdict && row.verdict !== "tie";
    const paint = sure ? "var(--ef-accent)" : "var(--ef-faint)";
    return html`<svg viewBox="0 0 150 16" aria-hidden="true"><line x1="75" x2="75" y1="0" y2="16" stroke="var(--ef-line)"></line>
      ${low === null || low === undefined || high === null || high === undefined ? nothing : svg`<line x1=${x(low)} x2=${x(high)} y1="8" y2="8" stroke=${paint} stroke-width="3"></line>`}
      <circle cx=${x(value)} cy="8" r="4" fill=${paint}></circle></svg>`;
  }

  private rows(rows: [string, Difference][], pair: Pair, heading: string): unknown {
    if (!rows.length) return nothing;
    // Bars of one unit share a scale; what is clear stands first.
    const reach = new Map<string, number>();
    for (const [, row] of rows)
      for (const at of [row.low, row.high, row.value])
        if (at !== null && at !== undefined) reach.set(row.unit ?? "", Math.max(reach.get(row.unit ?? "") ?? 0, Math.abs(at)));
    const rank = ([name, row]: [string, Difference]): number =>
      name === "score" ? -2 : name === "severity" ? -1 : row.value === null ? 9
        : (row.verdict && row.verdict !== "tie" ? 0 : row.value ? 2 : 4) - Math.abs(row.value) / (reach.get(row.unit ?? "") || 1);
    const sorted = [...rows].sort((a, b) => rank(a) - rank(b));
    const key = `${pair.first}${pair.second}${heading}`;
    const shown = this.opened.has(key) ? sorted : sorted.slice(0, FEW);
    return html`<h3>${heading}</h3><div class="table" tabindex="0" role="region" aria-label=${`${heading}, ${pair.second} less ${pair.first}`}><table>
      <thead><tr><th scope="col">What</th><th scope="col">${pair.first}</th><th scope="col">${pair.second}</th><th scope="col">${pair.second} less ${pair.first}</th><th scope="col">95 % interval</th><th scope="col"><span class="hidden-text">Drawn</span></th><th scope="col">Better</th></tr></thead>
      <tbody>${shown.map(([name, row]) => html`<tr><td>${words(name)}</td>
        ${row.value === null ? html`<td colspan="6" class="faint">${row.reason ?? "not measured"}</td>` : html`
        <td>${number(row.first)}</td><td>${number(row.second)}</td>
        <td>${row.value > 0 ? "+" : ""}${number(row.value)} ${row.unit}</td>
        <td>${row.low === null || row.low === undefined ? "–" : `${number(row.low)} to ${number(row.high)}`}${coverage(row) === "95" ? nothing : html` <span class="faint">(${coverage(row)} %)</span>`}</td>
        <td class="span">${this.interval(row, reach.get(row.unit ?? "") ?? 0)}</td>
        <td class=${row.verdict && row.verdict !== "tie" && row.verdict !== "differ" ? "better" : "faint"}>${row.verdict ?? row.reason ?? "–"}</td>`}</tr>`)}</tbody></table></div>
      ${shown.length < sorted.length ? html`<p><button @click=${() => { this.opened = new Set([...this.opened, key]); }}>Show all ${sorted.length}</button></p>` : nothing}`;
  }

  private said(pair: Pair): string {
    const { score } = pair;
    if (pair.better === null) return `${pair.first} and ${pair.second}: ${score.reason ?? "nothing can be said"}.`;
    const span = score.low === null || score.low === undefined ? "" : ` (${coverage(score)} % interval ${number(score.low)} to ${number(score.high)})`;
    const by = score.value === null ? "" : `: score ${score.value > 0 ? "+" : ""}${number(score.value)} from ${pair.first} to ${pair.second}${span}`;
    return pair.better === "tie" ? `${pair.first} and ${pair.second} are a tie${by}.` : `${pair.better} is better${by}.`;
  }

  private pair(pair: Pair): unknown {
    const track = (label: string): number => LETTERS.indexOf(label);
    return html`<h2>${pair.first} and ${pair.second} <span class="faint">${this.said(pair)}</span></h2><div class="card">
      ${pair.where.length ? html`<h3>Who is better where</h3><ul class="where">${pair.where.slice(0, 40).map((where) => html`<li>
        <button @click=${() => this.go(track(where.better === pair.first ? pair.second : pair.first), where.start_frame)}>${clock(where.start_s)} – ${clock(where.end_s)}</button>
        <b>${where.better}</b> by up to ${jnd(where.by_jnd)} JND${where.kinds.length ? html` <span class="faint">(${where.kinds.map((kind) => phrase(kind)).join(", ")} in ${where.better === pair.first ? pair.second : pair.first})</span>` : nothing}</li>`)}</ul>` : nothing}
      ${this.rows([["score", pair.score], ["severity", pair.severity], ...Object.entries(pair.kinds)], pair, "Score and kinds")}
      ${this.rows(Object.entries(pair.signals), pair, "Signals")}</div>`;
  }

  protected render(): unknown {
    if (!this.data) return nothing;
    const { data, tracks } = this;
    const said = data.comparison;
    return html`
      <header class="bar"><h1>${tracks.map((track, i) => html`${i ? " · " : nothing}<span class="faint">${LETTERS[i]}</span> ${track.name}`)}</h1>
        <span class="acts"><button @click=${toggleTheme} title="Light or dark" aria-label="Light or dark theme">◐</button>
          <button @click=${() => showHelp(this.renderRoot)} title="Keys ( ? )" aria-label="Keys">?</button>
          <button @click=${() => print()}>Print</button></span></header>
      <main>
      ${said ? html`<ul class="verdict">${said.pairs.slice(0, 6).map((pair) => html`<li>${this.said(pair)}</li>`)}</ul>` : nothing}
      <ef-compare .tracks=${tracks} @ef-frame=${() => { this.frames = [...(this.deck?.frames ?? [])]; }}></ef-compare>
      <h2>Scores</h2>
      <div class="scores">${data.reports.map(({ report, verdict }, i) => {
        const worst = report.findings.reduce<typeof report.findings[number] | null>((best, f) => (!best || f.severity_jnd > best.severity_jnd ? f : best), null);
        return html`<div class="card"><div class="name">${LETTERS[i]} · ${report.clip.path} · ${clock(report.clip.duration_s)}</div>
          <b>${report.score === null ? "–" : report.score.toFixed(1)}</b> ${verdict.word}
          ${worst ? html`<div style="margin-top:8px"><span class="sev sev${severityStep(worst.severity_jnd)}">${jnd(worst.severity_jnd)}</span>
            ${words(worst.kind)} <button @click=${() => this.go(i, worst.peak_frame)} aria-label=${`${clock(worst.start_s)}, go to ${phrase(worst.kind)} in ${LETTERS[i]}`}>${clock(worst.start_s)}</button></div>` : html`<div class="faint" style="margin-top:8px">${report.score === null ? "nothing could be assessed" : "nothing was found"}</div>`}</div>`;
      })}</div>
      ${said && said.ranking.length > 2 ? html`<h2>Ranking <span class="faint">clips whose interval holds 0 are tied</span></h2><div class="card table" tabindex="0" role="region" aria-label="Ranking"><table><thead><tr><th>Rank</th><th>Clip</th><th>Score</th><th>Tied with</th></tr></thead><tbody>
        ${said.ranking.map((place) => html`<tr><td>${place.rank ?? "–"}</td><td>${place.clip} ${tracks[LETTERS.indexOf(place.clip)]?.name ?? ""}</td><td>${number(place.score)}</td><td class="faint">${place.reason ?? place.tied.join(", ")}</td></tr>`)}</tbody></table></div>` : nothing}
      ${said?.gate.length ? html`<h2>Gate</h2><div class="card table" tabindex="0" role="region" aria-label="Gate"><table><thead><tr><th>Clip</th><th>Clause</th><th>Value</th><th>Holds</th></tr></thead><tbody>
        ${said.gate.map((verdict) => html`<tr><td>${verdict.clip} against ${verdict.against}</td><td>${verdict.clause}</td><td>${verdict.value === null ? verdict.reason ?? "–" : number(verdict.value)}</td><td class=${verdict.passed ? "good" : "bad"}>${verdict.passed ? "✓ yes" : "✗ no"}</td></tr>`)}</tbody></table></div>` : nothing}
      <h2>Where each breaks <span class="faint screen">click to go there</span></h2>
      <div class="maps">${data.reports.map(({ report }, i) => html`<section class="card"><h3>${LETTERS[i]} · ${report.clip.path}</h3>
        <ef-heatmap .report=${report} .timeline=${tracks[i].timeline} .frame=${this.frames[i] ?? -1}
          @ef-seek=${(e: CustomEvent) => this.go(i, e.detail.frame)} @ef-choose=${(e: CustomEvent) => this.go(i, e.detail.frame)}
          @ef-walk=${(e: CustomEvent) => this.walk(e.detail.by)} @ef-step=${(e: CustomEvent) => this.deck?.step(e.detail.by)}></ef-heatmap></section>`)}</div>
      ${said?.pairs.map((pair) => this.pair(pair))}
      ${said?.notes.map((note) => html`<p class="faint">${note}</p>`)}
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
