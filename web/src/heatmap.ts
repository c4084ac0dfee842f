// <ef-heatmap>: where in time what breaks; a band a kind, cuts and shots marked, a click jumps.
import { LitElement, css, html } from "lit";
import { Redraw, base, color, printing, room, sharp } from "./look";
import {
  type Finding, type Report, Timeline, clock, jnd, seekEvent, severityStep, severityWord, tick, words,
} from "./model";

interface Band { kind: string; findings: number[]; worst: number }

/**
 * Properties: `report`, `timeline`, `frame` (where the playhead is), `chosen` (a finding's place).
 * Events: `ef-seek` with a frame, `ef-step` by frames, `ef-choose` with a finding's place, `ef-walk`
 * to the next or previous finding.
 */
export class EfHeatmap extends LitElement {
  static properties = {
    report: { attribute: false }, timeline: { attribute: false }, frame: { type: Number },
    chosen: { type: Number }, width: { state: true }, hint: { state: true },
  };
  declare report: Report;
  declare timeline: Timeline;
  declare frame: number;
  declare chosen: number;
  declare width: number;
  declare hint: string;
  private bands: Band[] = [];
  private dragging = false;

  constructor() {
    super();
    this.frame = -1;
    this.chosen = -1;
    this.width = 0;
    this.hint = "";
    new Redraw(this, () => { this.measure(); this.draw(); });
  }

  static styles = [base, css`
    .map { position: relative; touch-action: pan-y; cursor: crosshair; border-radius: 6px; }
    canvas { display: block; }
    .label { position: absolute; left: 0; font-size: 12.5px; line-height: 16px; white-space: nowrap; overflow: hidden;
             text-overflow: ellipsis; pointer-events: none; }
    .label.sub { color: var(--ef-faint); }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 12.5px; color: var(--ef-faint); margin-top: 8px; align-items: center; }
    .legend .sev { min-width: 2.6em; font-size: 11.5px; padding: 0 5px; }
    .legend .end { margin-left: auto; min-height: 1.3em; }
    .legend span { white-space: nowrap; }
  `];

  private get narrow(): boolean { return this.width < 620; }
  private get left(): number { return this.narrow ? 0 : 158; }
  private get row(): number { return this.narrow ? 36 : 24; }
  private readonly head = 22;
  private readonly foot = 22;

  protected willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("report") && this.report) {
      const rows = new Map<string, Band>();
      this.report.findings.forEach((finding, i) => {
        const band = rows.get(finding.kind) ?? { kind: finding.kind, findings: [], worst: 0 };
        band.findings.push(i);
        band.worst = Math.max(band.worst, finding.severity_jnd);
        rows.set(finding.kind, band);
      });
      this.bands = [...rows.values()].sort((a, b) => b.worst - a.worst || a.kind.localeCompare(b.kind));
    }
  }

  protected updated(): void { if (!this.measure()) this.draw(); }

  /** Takes the width that there is; true if it is another one. */
  private measure(): boolean {
    const wide = room(this.renderRoot.querySelector(".map")?.clientWidth ?? 0);
    if (!wide || wide === this.width) return false;
    this.width = wide;
    return true;
  }

  private x(frame: number): number {
    const { timeline } = this;
    const share = (timeline.time(frame) - timeline.start) / Math.max(1e-9, timeline.stop - timeline.start);
    return this.left + share * (this.width - this.left);
  }

  private frameAt(x: number): number {
    const { timeline } = this;
    const share = Math.min(1, Math.max(0, (x - this.left) / Math.max(1, this.width - this.left)));
    return timeline.clamp(timeline.frame(timeline.start + share * (timeline.stop - timeline.start)));
  }

  private get tall(): number { return this.head + Math.max(1, this.bands.length) * this.row + this.foot; }

  private draw(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    if (!canvas || !this.report || this.width < 40) return;
    const pen = sharp(canvas, this.width, this.tall);
    const ink = color(this, "ink");
    const faint = color(this, "faint");
    const line = color(this, "line");
    const panel = color(this, "band");
    const { report, left, head, row, width } = this;
    const bottom = this.tall - this.foot;
    pen.font = "11px system-ui, sans-serif";

    // Shots alternate, cuts are ticks.
    const shots = report.shots.length ? report.shots : [{ start_frame: this.timeline.first, end_frame: this.timeline.end }];
    shots.forEach((shot, i) => {
      const a = this.x(shot.start_frame);
      const b = this.x(shot.end_frame);
      pen.fillStyle = i % 2 ? line : panel;
      pen.fillRect(a, 2, Math.max(0.5, b - a), head - 8);
      if (b - a > 46 && shots.length > 1) {
        pen.fillStyle = i % 2 ? ink : faint;
        pen.fillText(`shot ${i + 1}`, a + 5, 12.5);
      }
    });
    // Bands.
    this.bands.forEach((band, i) => {
      const top = head + i * row + (this.narrow ? 15 : 2);
      const tall = row - (this.narrow ? 17 : 4);
      pen.fillStyle = panel;
      pen.fillRect(left, top, width - left, tall);
      for (const place of band.findings) {
        const finding = report.findings[place];
        const [a, b] = this.extent(finding);
        const step = severityStep(finding.severity_jnd);
        const high = tall * (0.35 + 0.65 * Math.min(1, finding.severity_jnd / 10));
        pen.fillStyle = color(this, `sev${step}`);
        pen.fillRect(a, top + tall - high, b - a, high);
        if (place === this.chosen) {
          pen.strokeStyle = color(this, "accent");
          pen.lineWidth = 2;
          pen.strokeRect(a - 1, top - 1, b - a + 2, tall + 2);
        }
      }
    });
    if (!this.bands.length) {
      pen.fillStyle = panel;
      pen.fillRect(left, head + 2, width - left, row - 4);
      pen.fillStyle = faint;
      pen.font = "12.5px system-ui, sans-serif";
      pen.fillText(report.score === null ? "nothing could be assessed" : "nothing was found", left + 8, head + row / 2 + 4);
      pen.font = "11px system-ui, sans-serif";
    }
    for (const cut of report.cuts) {
      const x = Math.round(this.x(cut.end_frame)) + 0.5;
      pen.strokeStyle = faint;
      pen.lineWidth = 1;
      pen.setLineDash(cut.kind === "cut" ? [] : [3, 3]);
      pen.beginPath();
      pen.moveTo(x, 0);
      pen.lineTo(x, bottom);
      pen.stroke();
      pen.setLineDash([]);
      pen.fillStyle = faint;
      pen.beginPath();
      pen.moveTo(x - 4, 0); pen.lineTo(x + 4, 0); pen.lineTo(x, 6);
      pen.fill();
    }
    // Time.
    const span = this.timeline.stop - this.timeline.start;
    const step = niceStep(span / Math.max(2, Math.floor((width - left) / 90)));
    pen.fillStyle = faint;
    pen.strokeStyle = line;
    pen.lineWidth = 1;
    for (let t = Math.ceil(this.timeline.start / step - 1e-9) * step; t <= this.timeline.stop + 1e-9; t += step) {
      const x = left + ((t - this.timeline.start) / Math.max(1e-9, span)) * (width - left);
      pen.beginPath();
      pen.moveTo(Math.round(x) + 0.5, bottom);
      pen.lineTo(Math.round(x) + 0.5, bottom + 5);
      pen.stroke();
      const label = tick(t, step);
      const wide = pen.measureText(label).width;
      pen.fillText(label, Math.min(width - wide, Math.max(left, x - wide / 2)), bottom + 17);
    }
    // The playhead, never in print.
    if (this.frame >= 0 && !printing()) {
      const a = this.x(this.frame);
      const b = Math.max(a + 2, this.x(this.frame + 1));
      pen.fillStyle = color(this, "accent");
      pen.globalAlpha = 0.25;
      pen.fillRect(a, 0, b - a, bottom);
      pen.globalAlpha = 1;
      pen.fillRect((a + b) / 2 - 1, 0, 2, bottom);
      pen.beginPath();
      pen.arc((a + b) / 2, bottom, 4, 0, 7);
      pen.fill();
    }
  }

  private extent(finding: Finding): [number, number] {
    const a = this.x(Math.max(finding.start_frame, this.timeline.first));
    const b = this.x(Math.min(finding.end_frame, this.timeline.end));
    return b - a >= 3 ? [a, b] : [Math.min(a, this.width - 3), Math.min(a, this.width - 3) + 3];
  }

  /** The finding under a point, -1 for none; a few pixels of mercy for thin ones. */
  private hit(x: number, y: number): number {
    const band = this.bands[Math.floor((y - this.head) / this.row)];
    if (!band || y < this.head) return -1;
    let best = -1;
    let near = 7;
    for (const place of band.findings) {
      const [a, b] = this.extent(this.report.findings[place]);
      const away = x < a ? a - x : x > b ? x - b : 0;
      if (away < near) { near = away; best = place; }
    }
    return best;
  }

  private point(event: PointerEvent): [number, number] {
    const box = this.renderRoot.querySelector("canvas")!.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.button) return;
    const [x, y] = this.point(event);
    const place = this.hit(x, y);
    if (place >= 0) {
      const finding = this.report.findings[place];
      const under = this.frameAt(x);
      const inside = under >= finding.start_frame && under < finding.end_frame;
      this.dispatchEvent(new CustomEvent("ef-choose", {
        detail: { place, frame: inside ? under : finding.peak_frame, quiet: true }, bubbles: true, composed: true }));
    } else if (x >= this.left) this.dispatchEvent(seekEvent(this.frameAt(x)));
    this.dragging = x >= this.left;
    if (this.dragging && event.pointerType === "mouse")
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  };

  private readonly move = (event: PointerEvent): void => {
    const [x, y] = this.point(event);
    const place = this.hit(x, y);
    const frame = this.frameAt(x);
    const finding = this.report.findings[place];
    this.hint = finding
      ? `${words(finding.kind)} · ${jnd(finding.severity_jnd)} JND · ${clock(finding.start_s)}`
      : x >= this.left ? `frame ${frame} · ${clock(this.timeline.time(frame))}` : "";
    if (this.dragging && event.buttons && event.pointerType === "mouse") this.dispatchEvent(seekEvent(frame));
  };

  private readonly key = (event: KeyboardEvent): void => {
    const { timeline } = this;
    const second = Math.max(1, Math.round(timeline.fps));
    const by: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: second, PageUp: -second };
    if (event.key === "Home") this.dispatchEvent(seekEvent(timeline.first));
    else if (event.key === "End") this.dispatchEvent(seekEvent(timeline.last));
    else if (event.key in by)
      this.dispatchEvent(new CustomEvent("ef-step", { detail: { by: by[event.key] }, bubbles: true, composed: true }));
    else if (event.key === "ArrowDown" || event.key === "ArrowUp")
      this.dispatchEvent(new CustomEvent("ef-walk", {
        detail: { by: event.key === "ArrowDown" ? 1 : -1 }, bubbles: true, composed: true }));
    else return;
    event.preventDefault();
  };

  protected render(): unknown {
    if (!this.report) return html``;
    const { narrow, head, row } = this;
    const frame = Math.max(this.timeline.first, this.frame);
    const here = this.report.findings.filter((f) => frame >= f.start_frame && frame < f.end_frame);
    const text = `frame ${frame}, ${clock(this.timeline.time(frame))}` + (here.length
      ? `: ${here.map((f) => `${words(f.kind)}, ${jnd(f.severity_jnd)} JND`).join("; ")}` : "");
    return html`
      <div class="map" role="slider" tabindex="0" aria-label="Findings over time"
        aria-valuemin=${this.timeline.first} aria-valuemax=${this.timeline.last} aria-valuenow=${frame}
        aria-valuetext=${text} style="height:${this.tall}px"
        @pointerdown=${this.down} @pointermove=${this.move}
        @pointerup=${() => { this.dragging = false; }} @pointercancel=${() => { this.dragging = false; }}
        @pointerleave=${() => { this.hint = ""; }} @keydown=${this.key}>
        <canvas aria-hidden="true"></canvas>
        ${narrow ? html`` : html`<span class="label sub" style="top:1px">Shots and cuts</span>`}
        ${this.bands.map((band, i) => html`<span class="label"
            style="top:${head + i * row + (narrow ? -1 : row / 2 - 8)}px;width:${narrow ? "auto" : "150px"}">${words(band.kind)}</span>`)}
      </div>
      <div class="legend" aria-hidden="true">
        ${[[1, "<2", 0.5], [2, "2", 2], [3, "3", 3], [4, "5", 5], [5, "10", 10]].map(([step, from, at]) =>
          html`<span><i class="sev sev${step}" style="font-style:normal">${from}</i> ${step === 1 ? "barely" : severityWord(at as number)}</span>`)}
        <span>JND</span>
        <span class="end num">${this.hint}</span>
      </div>`;
  }
}

/** 1, 2 or 5 times a power of ten, and the steps of a clock above a minute. */
export const niceStep = (least: number): number => {
  for (const step of [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200])
    if (step >= least) return step;
  return Math.ceil(least / 3600) * 3600;
};

customElements.define("ef-heatmap", EfHeatmap);
