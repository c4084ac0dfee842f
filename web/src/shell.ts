// What every page has: title, theme, help, keyboard; and the type of its sections.
import { css, html, nothing } from "lit";

export const shell = css`
  :host { max-width: 1240px; margin: 0 auto; padding: 18px 24px 48px; }
  .bar { display: flex; align-items: center; gap: 8px 14px; flex-wrap: wrap; margin-bottom: 16px; }
  .bar h1 { font-size: 19px; margin: 0; font-weight: 650; line-height: 1.3; }
  .bar .facts { color: var(--ef-faint); font-size: 14px; font-variant-numeric: tabular-nums; }
  .bar .acts { margin-left: auto; display: flex; gap: 6px; }
  h2 { font-size: 16px; font-weight: 650; margin: 34px 0 10px; line-height: 1.3; }
  h2 .faint { font-weight: 400; font-size: 14px; margin-left: 6px; }
  .card { background: var(--ef-panel); border: 1px solid var(--ef-line); border-radius: 10px; padding: 16px 18px; }
  .table td, .table th { overflow-wrap: normal; }
  .table td { white-space: nowrap; }
  .table td[colspan] { white-space: normal; min-width: 22ch; }
  kbd { font: 600 12.5px/1 ui-monospace, "SF Mono", Menlo, Consolas, monospace; border: 1px solid var(--ef-line); border-bottom-width: 2px;
        border-radius: 4px; padding: 3px 6px; background: var(--ef-band); display: inline-block; min-width: 1.9em; text-align: center; }
  dialog { background: var(--ef-panel); color: var(--ef-ink); border: 1px solid var(--ef-line); border-radius: 12px; padding: 20px 24px; max-width: min(92vw, 460px); }
  dialog::backdrop { background: rgb(0 0 0 / .45); }
  dialog h2 { margin: 0 0 12px; }
  dialog table { border-collapse: collapse; }
  dialog td { padding: 4px 14px 4px 0; vertical-align: top; }
  dialog td:first-child { white-space: nowrap; }
  dialog form { margin: 14px 0 0; text-align: right; }
  footer { margin-top: 40px; color: var(--ef-faint); font-size: 12.5px; border-top: 1px solid var(--ef-line); padding-top: 12px; }
  footer p { margin: 0 0 4px; }
  @media (max-width: 640px) {
    :host { padding: 12px 12px 40px; }
    h2 { margin: 26px 0 8px; }
    .card { padding: 12px 14px; }
    .bar h1 { flex: 1 1 auto; max-width: calc(100% - 150px); }
    .bar .facts { order: 2; width: 100%; }
    .bar { margin-bottom: 12px; }
  }
  @media print {
    :host { padding: 0; max-width: none; }
    .bar .acts, dialog { display: none; }
    h2 { margin: 18px 0 8px; break-after: avoid; }
  }
`;

const KEY = "evenflow-theme";

/** Light, dark, or what the system says. */
export const applyTheme = (): void => {
  let kept: string | null = null;
  try { kept = localStorage.getItem(KEY); } catch { /* a file without storage */ }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
};

export const isDark = (): boolean => {
  const said = document.documentElement.dataset.theme;
  return said ? said === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

export const toggleTheme = (): void => {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try { localStorage.setItem(KEY, next); } catch { /* for this time only */ }
};

/** Keys that go to the page: not while somebody types, and not with a modifier. */
export const isOurs = (event: KeyboardEvent): boolean => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  const inner = event.composedPath()[0];
  if (!(inner instanceof HTMLElement)) return true;
  if (inner instanceof HTMLInputElement && inner.type !== "range" && inner.type !== "checkbox") return false;
  if (inner.tagName === "TEXTAREA" || inner.tagName === "SELECT") return false;
  return !(event.key === " " && (inner.tagName === "BUTTON" || inner.tagName === "SUMMARY"));
};

export const help = (rows: [string[], string][]): unknown => html`
  <dialog aria-label="Keys"><h2>Keys</h2><table>${rows.map(([keys, text]) => html`<tr>
    <td>${keys.map((key, i) => html`${i ? " " : nothing}<kbd>${key}</kbd>`)}</td><td>${text}</td></tr>`)}</table>
  <form method="dialog"><button class="main">Close</button></form></dialog>`;

export const showHelp = (root: ParentNode): void => {
  const dialog = root.querySelector("dialog");
  if (dialog?.open) dialog.close(); else dialog?.showModal();
};
