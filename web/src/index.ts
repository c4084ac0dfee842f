// The bundle: every component, and the start of a page that carries its data in itself.
export { EfCompare } from "./compare";
export { EfComparePage } from "./compare-page";
export { EfCurves } from "./curves";
export { EfFindings } from "./findings";
export { EfHeatmap } from "./heatmap";
export { EfObjects } from "./objects";
export { EfPlayer } from "./player";
export { EfReport } from "./report";
export { EfReportSet } from "./report-set";
export { EfVotes } from "./votes";
import "./compare-page";
import "./report";
import "./report-set";
import { applyTheme } from "./shell";
import "./votes";

applyTheme();
// A page says <ef-report data-from="ID">, and the element ID holds JSON.
const start = (): void => {
  for (const element of document.querySelectorAll<HTMLElement & { data?: unknown }>("[data-from]")) {
    const holder = document.getElementById(element.dataset.from ?? "");
    if (holder && !element.data) element.data = JSON.parse(holder.textContent ?? "null");
  }
};
start();  // the script stands last in the page
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
