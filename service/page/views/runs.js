// Trainings that wait, run, or have ended.
import { html, useEffect, useRef } from "../vendor/preact.js";
import { keepShowing } from "../forms/job_list.js";

export default function Runs() {
  const body = useRef();
  useEffect(() => { keepShowing(body.current); }, []);
  return html`<div class="view-head"><h1 tabindex="-1">Runs</h1></div>
    <section id="jobs" aria-label="Jobs"><div ref=${body} aria-busy="true" /></section>`;
}
