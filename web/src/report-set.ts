// <ef-report-set>: the reports of several clips; a table to choose from, one report at a time.
import { LitElement, css, html, nothing } from "lit";
import { base } from "./look";
import { type ReportData, clock, jnd, severityStep, words } from "./model";
import "./report";
import { shell } from "./shell";

interface Failed { clip: string; error: string }

/** Property: `data`, with `parts`: the data of each report, or the clip and why it has none. */
export class EfReportSet extends LitElement {
  static properties = { data: { attribute: false }, at: { state: true } };
  declare data: { version: string; parts: (ReportData | Failed)[] };
  declare at: number;

  constructor() {
    super();
    this.at = -1;
  }

  static styles = [base, shell, css`
    :host { padding-bottom: 0; max-width: none; padding-left: 0; padding-right: 0; }
    .index { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
    h1 { font-size: 19px; margin: 0 0 12px; font-weight: 650; }
    .card { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 14px; }
    th { text-align: left; font-weight: 500; color: var(--ef-faint); padding: 2px 14px 6px 0; white-space: nowrap; }
    td { border-top: 1px solid var(--ef-line); padding: 5px 14px 5px 0; font-variant-numeric: tabular-nums; }
    tr[aria-current="true"] td { background: var(--ef-band); }
    td button { border: 0; background: none; padding: 0; min-height: 24px; text-align: left; color: var(--ef-accent); text-decoration: underline; }
    ef-report { border-top: 1px solid var(--ef-line); margin-top: 24px; }
    @media (max-width: 640px) { .index { padding: 0 12px; } }
  `];

  protected willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("data") && this.data && this.at < 0)
      this.at = this.data.parts.findIndex((part) => "report" in part);
  }

  protected render(): unknown {
    if (!this.data) return nothing;
    const { parts } = this.data;
    const part = parts[this.at];
    return html`<nav class="index" aria-label="Clips"><h1>${parts.length} clips</h1><div class="card table" tabindex="0" role="region" aria-label="Clips"><table>
      <thead><tr><th scope="col">Clip</th><th scope="col">Score</th><th scope="col">Length</th><th scope="col">Worst</th><th scope="col">Findings</th><th scope="col">Gate</th></tr></thead>
      <tbody>${parts.map((one, i) => {
        if (!("report" in one)) return html`<tr><td>${one.clip}</td><td colspan="5" class="faint">${one.error}</td></tr>`;
        const { report } = one;
        const worst = report.findings.reduce<typeof report.findings[number] | null>((best, f) => (!best || f.severity_jnd > best.severity_jnd ? f : best), null);
        return html`<tr aria-current=${i === this.at ? "true" : "false"}>
          <td><button @click=${() => { this.at = i; }}>${report.clip.path}</button></td>
          <td>${report.score === null ? "–" : report.score.toFixed(1)}</td><td>${clock(report.clip.duration_s)}</td>
          <td>${worst ? html`<span class="sev sev${severityStep(worst.severity_jnd)}">${jnd(worst.severity_jnd)}</span> ${words(worst.kind)}` : "–"}</td>
          <td>${report.findings.length}</td>
          <td>${report.gate.length ? (report.gate.every((clause) => clause.passed) ? "✓ met" : "✗ not met") : "–"}</td></tr>`;
      })}</tbody></table></div></nav>
      ${part && "report" in part ? [part].map((one) => html`<ef-report .data=${one}></ef-report>`) : nothing}`;
  }
}

customElements.define("ef-report-set", EfReportSet);
