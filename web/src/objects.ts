// <ef-objects>: when each followed thing is there, and how like itself it stays.
import { LitElement, css, html, nothing, svg } from "lit";
import { base } from "./look";
import { type Followed, type Report, type Timeline, clock, number, seekEvent } from "./model";

const FEW = 12;

/** Properties: `report`, `timeline`, `frame`. Event: `ef-seek`. */
export class EfObjects extends LitElement {
  static properties = {
    report: { attribute: false }, timeline: { attribute: false }, frame: { type: Number }, all: { state: true },
  };
  declare report: Report;
  declare timeline: Timeline;
  declare frame: number;
  declare all: boolean;

  constructor() {
    super();
    this.frame = -1;
    this.all = false;
  }

  static styles = [base, css`
    .wrap { background: var(--ef-panel); border: 1px solid var(--ef-line); border-radius: 10px; padding: 12px 16px; overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
    th { text-align: left; font-weight: 500; color: var(--ef-faint); padding: 2px 12px 6px 0; white-space: nowrap; }
    td { padding: 5px 12px 5px 0; vertical-align: middle; border-top: 1px solid var(--ef-line); }
    th:last-child, td:last-child { padding-right: 0; }
    td.life { width: 46%; min-width: 130px; }
    svg { display: block; width: 100%; height: 22px; }
    svg.life { cursor: pointer; }
    .curve { width: 150px; height: 40px; }
    .like { white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums; font-size: 12.5px; color: var(--ef-faint); }
    .like b { color: var(--ef-ink); font-weight: 600; }
    p { margin: 8px 0 0; font-size: 13px; color: var(--ef-faint); max-width: 80ch; }
    @media (max-width: 560px) { .curve { width: 84px; } td.life { min-width: 110px; } }
  `];

  private life(object: Followed): unknown {
    const { timeline } = this;
    const span = Math.max(1e-9, timeline.stop - timeline.start);
    const at = (frame: number): number => ((timeline.time(frame) - timeline.start) / span) * 1000;
    const a = at(object.start_frame);
    const b = Math.max(a + 4, at(object.end_frame));
    const bad = this.report.findings.filter((finding) => finding.object === object.id);
    return html`<svg class="life" viewBox="0 0 1000 22" preserveAspectRatio="none" role="img"
        aria-label=${`there from ${clock(timeline.time(object.start_frame))} to ${clock(timeline.time(object.end_frame))}`}
        @click=${(e: MouseEvent) => {
          const box = (e.currentTarget as Element).getBoundingClientRect();
          const time = timeline.start + ((e.clientX - box.left) / box.width) * span;
          this.dispatchEvent(seekEvent(timeline.frame(time)));
        }}>
      <rect x="0" y="10" width="1000" height="2" fill="var(--ef-line)"></rect>
      <rect x=${a} y="7" width=${b - a} height="8" rx="0" fill="var(--ef-line1)"></rect>
      ${bad.map((finding) => svg`<rect x=${at(finding.start_frame)} y="4" width=${Math.max(5, at(finding.end_frame) - at(finding.start_frame))} height="14" fill="var(--ef-sev4)"></rect>`)}
      ${this.frame >= 0 ? svg`<rect x=${at(this.frame)} y="0" width="3" height="22" fill="var(--ef-accent)"></rect>` : nothing}
    </svg>`;
  }

  private curve(object: Followed): unknown {
    const known = (object.identity ?? []).filter((one) => one.similarity !== null);
    if (known.length < 2) return nothing;
    const lags = known.map((one) => Math.log(one.lag_s));
    const low = Math.min(...lags);
    const high = Math.max(...lags);
    const x = (lag: number): number => 6 + ((Math.log(lag) - low) / Math.max(1e-9, high - low)) * 138;
    const y = (value: number): number => 36 - Math.min(1, Math.max(0, value)) * 32;
    const line = known.map((one) => `${x(one.lag_s).toFixed(1)},${y(one.similarity!).toFixed(1)}`).join(" ");
    return html`<svg class="curve" viewBox="0 0 150 40" role="img" aria-label=${`likeness by time apart: ${known.map((one) => `${number(one.similarity)} after ${number(one.lag_s)} s`).join(", ")}`}>
      <line x1="0" x2="150" y1="4" y2="4" stroke="var(--ef-line)"></line><line x1="0" x2="150" y1="36" y2="36" stroke="var(--ef-line)"></line>
      <polyline points=${line} fill="none" stroke="var(--ef-line1)" stroke-width="1.5"></polyline>
      ${known.map((one) => svg`<circle cx=${x(one.lag_s)} cy=${y(one.similarity!)} r="2.2" fill="var(--ef-line1)"></circle>`)}</svg>`;
  }

  protected render(): unknown {
    if (!this.report) return nothing;
    const { objects } = this.report;
    if (!objects.length) return html`<div class="wrap faint">No thing moved on its own for long enough to be followed.</div>`;
    const shown = this.all ? objects : objects.slice(0, FEW);
    return html`<div class="wrap" tabindex="0" role="region" aria-label="Objects"><table>
      <thead><tr><th scope="col">Object</th><th scope="col">There</th><th scope="col">Likeness to itself</th><th scope="col" class="like">after</th></tr></thead>
      <tbody>${shown.map((object) => html`<tr>
        <th scope="row" style="color:var(--ef-ink)">${object.id}</th>
        <td class="life">${this.life(object)}</td>
        <td>${this.curve(object)}</td>
        <td class="like">${(object.identity ?? []).map((one) => html`${number(one.lag_s)} s <b>${number(one.similarity)}</b>&ensp;`)}</td>
      </tr>`)}</tbody></table>
      ${shown.length < objects.length ? html`<p><button @click=${() => { this.all = true; }}>Show all ${objects.length}</button></p>` : nothing}
      <p>Likeness is 1 for the same look and falls as a thing changes; the curve runs from the shortest to the longest time apart.</p></div>`;
  }
}

customElements.define("ef-objects", EfObjects);
