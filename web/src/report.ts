// <ef-report>: the whole report of one clip; one playhead for all panels, and the keyboard.
import { LitElement, css, html, nothing } from "lit";
import "./curves";
import type { Line } from "./curves";
import { sentence } from "./findings";
import type { EfFindings } from "./findings";
import "./heatmap";
import { base } from "./look";
import { type ReportData, type Signal, Timeline, clock, jnd, phrase, number, severityStep, words } from "./model";
import "./objects";
import type { EfPlayer } from "./player";
import "./player";
import { help, isOurs, shell, showHelp, toggleTheme } from "./shell";

const KEYS: [string[], string][] = [
  [["N", "P"], "next and previous finding"], [[",", "."], "one frame back, one frame on"],
  [["J", "K", "L"], "play backwards, stop, play; again for faster"], [["Space"], "play or pause"],
  [["B"], "boxes on the picture"], [["W"], "the worst finding"], [["?"], "this help"],
];

/** Property: `data`, what `evenflow.reports.html` puts into the page. */
export class EfReport extends LitElement {
  static properties = {
    data: { attribute: false }, frame: { state: true }, chosen: { state: true }, ready: { state: true },
  };
  declare data: ReportData;
  declare frame: number;
  declare chosen: number;
  declare ready: boolean;
  private timeline!: Timeline;
  private charts: Record<string, Line[]> = {};
  private metrics: Record<string, Line[]> = {};

  constructor() {
    super();
    this.frame = -1;
    this.chosen = -1;
    this.ready = false;
    this.addEventListener("ef-frame", (e) => { this.frame = (e as CustomEvent).detail.frame; });
    this.addEventListener("ef-seek", (e) => { void this.go((e as CustomEvent).detail); });
    this.addEventListener("ef-choose", (e) => {
      const { place, frame } = (e as CustomEvent).detail;
      this.chosen = place;
      void this.go({ frame });
    });
    this.addEventListener("ef-step", (e) => {
      const { by } = (e as CustomEvent).detail;
      if (this.player?.deck) void this.player.step(by); else void this.go({ frame: this.frame + by });
    });
    this.addEventListener("ef-walk", (e) => { this.walk((e as CustomEvent).detail.by, false); });
  }

  static styles = [base, shell, css`
    .lead { display: grid; grid-template-columns: minmax(0, 1.75fr) minmax(280px, 1fr); gap: 18px; align-items: start; }
    .score { display: flex; align-items: baseline; gap: 12px; flex-wrap: wrap; }
    .score b { font-size: 54px; font-weight: 680; line-height: 1; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
    .score span { font-size: 18px; font-weight: 600; }
    .verdict p { margin: 10px 0 0; }
    .verdict ul { list-style: none; padding: 0; margin: 14px 0 0; }
    .verdict li { display: flex; gap: 10px; align-items: baseline; padding: 6px 0; border-top: 1px solid var(--ef-line); font-size: 14px; }
    .verdict li .num { margin-left: auto; white-space: nowrap; }
    .verdict li button { border: 0; background: none; padding: 0; min-height: 24px; text-align: left; }
    .verdict li button:hover { text-decoration: underline; }
    .good { color: var(--ef-good); font-weight: 650; }
    .bad { color: var(--ef-bad); font-weight: 650; }
    .current { margin: 10px 0 0; font-size: 14px; }
    @media (pointer: coarse) { .keys { display: none; } }
    .current a { color: var(--ef-accent); }
    .quiet { font-size: 13.5px; color: var(--ef-faint); }
    dl.quiet { margin: 0; }
    .quiet dt:first-child { margin-top: 0; }
    .quiet dt { color: var(--ef-ink); font-weight: 600; margin-top: 8px; }
    .quiet dd { margin: 0; max-width: 90ch; }
    .table { overflow-x: auto; }
    .table table { border-collapse: collapse; font-size: 13.5px; width: 100%; }
    .table th { text-align: left; font-weight: 500; color: var(--ef-faint); padding: 2px 14px 6px 0; white-space: nowrap; }
    .table td { border-top: 1px solid var(--ef-line); padding: 5px 14px 5px 0; font-variant-numeric: tabular-nums; }
    @media (max-width: 860px) { .lead { grid-template-columns: minmax(0, 1fr); } ef-player { --ef-stage-height: 46vh; } }
    @media (max-width: 640px) { .verdict { order: -1; } .score b { font-size: 44px; } }
    @media print { .lead { display: block; } ef-player, .current { display: none; } .verdict { border: 0; padding: 0; } .verdict li button { display: inline; } .verdict li { padding: 3px 0; } .table td button { display: inline; border: 0; padding: 0; min-height: 0; } }
  `];

  connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.key);
  }

  disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.key);
  }

  protected willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("data") || !this.data) return;
    const { report, first_frame, seconds } = this.data;
    this.timeline = new Timeline(report, first_frame, seconds);
    const accused = new Set(report.findings.map((finding) => finding.evidence.signal));
    const rank = (name: string): number =>
      (accused.has(name) ? 0 : 2) + (report.signals[name].better === "neither" ? 1 : 0);
    const lines = (from: Record<string, Signal>, names: string[]): Record<string, Line[]> =>
      Object.fromEntries(names.map((name) => [name, [{ name, signal: from[name], timeline: this.timeline }]]));
    this.charts = lines(report.signals, Object.keys(report.signals).sort((a, b) => rank(a) - rank(b)));
    this.metrics = lines(report.metrics ?? {}, Object.keys(report.metrics ?? {}));
  }

  protected updated(changed: Map<string, unknown>): void {
    if (!changed.has("data") || !this.data) return;
    this.frame = this.chosen = -1;
    const asked = /(?:^#|&)frame=(\d+)/.exec(location.hash);
    const start = asked ? this.timeline.clamp(Number(asked[1])) : this.timeline.first;
    void this.player?.updateComplete.then(() => this.go({ frame: start })).then(() => { this.ready = true; });
  }

  get player(): EfPlayer | null { return this.renderRoot.querySelector("ef-player"); }
  get findings(): EfFindings | null { return this.renderRoot.querySelector("ef-findings"); }

  /** Moves the playhead of every panel; resolves with the frame on the screen. */
  async go({ frame, play }: { frame: number; play?: [number, number] }): Promise<number> {
    const player = this.player;
    if (!player?.deck) { this.frame = this.timeline.clamp(frame); return this.frame; }
    if (play) {
      player.scrollIntoView({ block: "nearest" });
      await player.play(play);
      return player.frame;
    }
    return player.seek(this.timeline.clamp(frame));
  }

  private walk(by: number, reveal = true): void {
    const { findings } = this.data.report;
    if (!findings.length) return;
    let place = this.chosen + by;
    if (this.chosen < 0) {  // the first from here on, or the last before
      const here = Math.max(this.frame, this.timeline.first);
      place = by > 0 ? findings.findIndex((f) => f.end_frame > here) : findings.findLastIndex((f) => f.start_frame < here);
      if (place < 0) place = by > 0 ? 0 : findings.length - 1;
    }
    this.choose((place + findings.length) % findings.length, reveal);
  }

  private choose(place: number, reveal: boolean): void {
    this.chosen = place;
    void this.go({ frame: this.data.report.findings[place].peak_frame });
    // Who looks at the player stays there; who reads the list is taken to the finding.
    const box = this.player?.getBoundingClientRect();
    const watching = box && this.player?.deck && (box.top + box.bottom) / 2 > 0 && (box.top + box.bottom) / 2 < innerHeight;
    if (reveal && !watching) void this.findings?.reveal(place);
  }

  /** The finding that is looked at, in one line below the player. */
  private current(): unknown {
    const { findings } = this.data.report;
    const finding = findings[this.chosen];
    if (!finding) return findings.length && this.data.media
      ? html`<p class="current faint"><button @click=${() => this.walk(1)}>Next finding</button> <span class="keys">or <kbd>N</kbd>; <kbd>?</kbd> shows all keys</span></p>` : nothing;
    return html`<p class="current"><button @click=${() => this.walk(-1)} aria-label="Previous finding" title="Previous finding ( P )">‹</button>
      <button @click=${() => this.walk(1)} aria-label="Next finding" title="Next finding ( N )">›</button>
      <span class="faint num">${this.chosen + 1} of ${findings.length}</span>
      <span class="sev sev${severityStep(finding.severity_jnd)}">${jnd(finding.severity_jnd)}</span>
      <b>${words(finding.kind)}</b> ${sentence(finding.explanation)}
      <a href="#" @click=${(e: Event) => { e.preventDefault(); void this.findings?.reveal(this.chosen, true); }}>More</a></p>`;
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (!isOurs(event) || !this.data) return;
    const letter = event.key.toLowerCase();
    if (this.renderRoot.querySelector("dialog")?.open && event.key !== "?") return;
    const { findings } = this.data.report;
    if (letter === "n") this.walk(1);
    else if (letter === "p") this.walk(-1);
    else if (letter === "w" && findings.length)
      this.choose(findings.reduce((best, f, i) => (f.severity_jnd > findings[best].severity_jnd ? i : best), 0), true);
    else if (letter === "b" && this.player) this.player.boxes = !this.player.boxes;
    else if (event.key === "?") showHelp(this.renderRoot);
    else if (!this.player?.press(event.key)) return;
    event.preventDefault();
  };

  private verdict(): unknown {
    const { report, verdict } = this.data;
    const worst = new Map<string, [number, number]>();
    report.findings.forEach((finding, i) => {
      if (finding.severity_jnd > (worst.get(finding.kind)?.[0] ?? 0)) worst.set(finding.kind, [finding.severity_jnd, i]);
    });
    const kinds = [...worst].sort((a, b) => b[1][0] - a[1][0]);
    const failed = report.gate.filter((clause) => !clause.passed);
    return html`<section class="card verdict" aria-label="Score">
      <div class="score">${report.score === null ? nothing : html`<b>${report.score.toFixed(report.score < 99.95 ? 1 : 0)}</b>`}<span>${sentence(verdict.word).replace(/\.$/, "")}</span></div>
      <p>${verdict.meaning}</p>
      ${report.unseen.reasons.map((reason) => html`<p class="quiet">${sentence(reason)} What that may hide lowers the score by as much as ${jnd(report.unseen.jnd)} JND in every second.</p>`)}
      ${report.gate.length ? html`<p>${failed.length
        ? html`<span class="bad">✗ Gate not met</span>: ${failed.length} of ${report.gate.length} clauses fail`
        : html`<span class="good">✓ Gate met</span>: ${report.gate.length} clause${report.gate.length === 1 ? "" : "s"} hold`}</p>` : nothing}
      <ul>${kinds.slice(0, 6).map(([kind, [severity, place]]) => html`<li><span class="sev sev${severityStep(severity)}">${jnd(severity)}</span>
        <button @click=${() => this.choose(place, true)}>${words(kind)}</button>
        <span class="num faint">${clock(report.findings[place].start_s)}</span></li>`)}
        ${kinds.length > 6 ? html`<li class="faint">and ${kinds.length - 6} more kinds</li>` : nothing}
        <li class="faint">Motion<span class="num">${report.motion.median_px_per_s === null || report.motion.median_px_per_s === undefined ? "not measured" : `${number(report.motion.median_px_per_s)} px/s${report.motion.assessable ? "" : ", too little to judge smoothness"}`}</span></li>
        <li class="faint">Cuts<span class="num">${report.cuts.length || "none"}</span></li></ul>
    </section>`;
  }

  private gate(): unknown {
    const { gate } = this.data.report;
    if (!gate.length) return nothing;
    return html`<h2>Gate</h2><div class="card table" tabindex="0" role="region" aria-label="Gate"><table><thead><tr><th>Clause</th><th>Measured</th><th>Holds</th></tr></thead><tbody>
      ${gate.map((verdict) => html`<tr><td>${verdict.clause}</td><td>${verdict.value === null ? verdict.reason ?? "not measured" : number(verdict.value)}</td>
        <td class=${verdict.passed ? "good" : "bad"}>${verdict.passed ? "✓ yes" : "✗ no"}</td></tr>`)}</tbody></table></div>`;
  }

  private shots(): unknown {
    const { shots } = this.data.report;
    if (shots.length < 2) return nothing;
    const parts = [...new Set(shots.flatMap((shot) => Object.keys(shot.like_previous ?? {})))].filter((name) => name !== "shot");
    return html`<h2>Shots <span class="faint">how each goes on from an earlier one, 0 to 1</span></h2>
      <div class="card table" tabindex="0" role="region" aria-label="Shots"><table><thead><tr><th>Shot</th><th>From</th><th>Length</th><th>Like shot</th>${parts.map((part) => html`<th>${words(part)}</th>`)}</tr></thead><tbody>
      ${shots.slice(0, 200).map((shot, i) => html`<tr><td>${i + 1}</td><td><button @click=${() => this.go({ frame: shot.start_frame })} aria-label=${`${clock(this.timeline.time(shot.start_frame))}, go to shot ${i + 1}`}>${clock(this.timeline.time(shot.start_frame))}</button></td>
        <td>${clock(this.timeline.time(shot.end_frame) - this.timeline.time(shot.start_frame))}</td>
        <td>${shot.like_previous?.shot === undefined || shot.like_previous.shot === null ? "–" : shot.like_previous.shot + 1}</td>
        ${parts.map((part) => html`<td>${number(shot.like_previous?.[part])}</td>`)}</tr>`)}</tbody></table></div>`;
  }

  private unjudged(): unknown {
    const { report } = this.data;
    const reasons = new Map<string, string[]>();
    for (const [kind, reason] of Object.entries(report.not_assessable))
      reasons.set(reason, [...(reasons.get(reason) ?? []), phrase(kind)]);
    if (!reasons.size && !report.warnings.length) return nothing;
    return html`<h2>What could not be judged</h2><dl class="quiet card">
      ${report.warnings.length ? html`<dt>Warnings</dt>${report.warnings.map((line) => html`<dd>${line}</dd>`)}` : nothing}
      ${[...reasons].map(([reason, kinds]) => html`<dt>${sentence(reason).replace(/\.$/, "")}</dt><dd>${kinds.join(", ")}</dd>`)}</dl>`;
  }

  protected render(): unknown {
    if (!this.data) return nothing;
    const { data, timeline, frame, chosen } = this;
    const { report } = data;
    const { clip } = report;
    return html`
      <header class="bar">
        <h1>${clip.path}</h1>
        <span class="facts">${clip.width}×${clip.height} · ${number(clip.fps)} fps · ${clip.frames} frame${clip.frames === 1 ? "" : "s"} · ${clock(clip.duration_s)}${clip.timecode ? ` · TC ${clip.timecode}` : ""}</span>
        <span class="acts"><button @click=${toggleTheme} title="Light or dark" aria-label="Light or dark theme">◐</button>
          <button @click=${() => showHelp(this.renderRoot)} title="Keys ( ? )" aria-label="Keys">?</button>
          <button @click=${() => print()}>Print</button></span>
      </header>
      <main>
      <div class="lead">
        <div><ef-player .media=${data.media} .timeline=${timeline} .findings=${report.findings} .chosen=${chosen}
          .size=${[clip.width, clip.height]} .missing=${data.no_media ?? ""}></ef-player>${this.current()}</div>
        ${this.verdict()}
      </div>
      <h2>Where it breaks <span class="faint screen">click to go there</span></h2>
      <ef-heatmap class="card" .report=${report} .timeline=${timeline} .frame=${frame} .chosen=${chosen}></ef-heatmap>
      <h2>Findings</h2>
      <ef-findings .report=${report} .pictures=${data.pictures} .images=${data.images} .kinds=${data.kinds} .chosen=${chosen} .playable=${data.media !== null}></ef-findings>
      ${this.gate()}
      <h2>Signals <span class="faint">what was measured, frame by frame${report.clip.frames > 10_000 ? "; here the mean of every second" : ""}</span></h2>
      <ef-curves .charts=${this.charts} .meanings=${data.signals} .findings=${report.findings} .timeline=${timeline} .frame=${frame}></ef-curves>
      ${Object.keys(this.metrics).length ? html`<h2>Metrics</h2><ef-curves .charts=${this.metrics} .meanings=${data.signals} .timeline=${timeline} .frame=${frame}></ef-curves>` : nothing}
      <h2>Objects <span class="faint">what was followed, and how like itself it stays</span></h2>
      <ef-objects .report=${report} .timeline=${timeline} .frame=${frame}></ef-objects>
      ${this.shots()}
      ${this.unjudged()}
      </main>
      <footer><p>Severity is in just-noticeable differences (JND): 1 is barely visible, 3 is clear, 10 ruins the shot. Score = 100 exp(−P / 10), P the 4-norm mean of the largest severity in each second.</p>
        <p>Evenflow ${report.version} · digest ${report.digest.slice(0, 16)}</p></footer>
      ${help(KEYS)}`;
  }
}

customElements.define("ef-report", EfReport);
