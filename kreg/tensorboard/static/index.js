// TensorBoard loads this module in an iframe whose <base href> is the plugin's root:
// "./runs" is therefore a route of the plugin, wherever this file lies.
const SHOWN_AT_FIRST = 2;

export async function render() {
  const css = document.createElement('link');
  css.rel = 'stylesheet';
  css.href = './static/tab.css';
  document.head.append(css);
  followTheme();
  const { runs, style } = await (await fetch('./runs')).json();
  document.body.replaceChildren(runs.length ? view(runs, style) : empty());
}

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function empty() {
  return element('p', { class: 'empty' },
    'No run has a report yet. kreg writes one at the end of each training.');
}

function view(runs, style) {
  const reports = element('div', { class: 'reports' });
  const rows = runs.map((run, index) => row(run, index < SHOWN_AT_FIRST, reports, style));
  const titles = ['run', 'state', 'best epoch', 'best loss', 'above it now', 'gap'];
  const head = element('tr', {}, ...titles.map(
    (title, i) => element('th', i > 1 ? { class: 'n' } : {}, title)));
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
  return element('div', {}, element('header', {}, element('h1', {}, 'Overfitting'), table), reports);
}

function row(run, shown, reports, style) {
  const box = element('input', { type: 'checkbox' });
  const slot = element('div', { class: 'report' });
  slot.hidden = true;
  reports.append(slot);
  box.addEventListener('change', () => toggle(run, slot, box.checked, style));
  box.checked = shown;
  if (shown) toggle(run, slot, true, style);
  const numbers = [
    run.best_epoch ?? '–', format(run.best_loss),
    run.lost == null ? '–' : `${run.lost.toFixed(1)} %`, format(run.gap)];
  return element('tr', {},
    element('td', {}, element('label', {}, box, run.run)),
    element('td', { title: run.headline }, element('span', { class: `badge ${run.tone}` }, run.state)),
    ...numbers.map(value => element('td', { class: 'n' }, String(value))));
}

const format = value => value == null ? '–' : Number(value).toPrecision(4);

async function toggle(run, slot, shown, style) {
  slot.hidden = !shown;
  if (!shown || slot.shadowRoot) return;
  const response = await fetch(`./page?run=${encodeURIComponent(run.run)}`);
  const text = await response.text();
  // a shadow root keeps the style sheets and the ids of several reports apart
  const root = slot.attachShadow({ mode: 'open' });
  const page = element('div', { class: 'kreg' });
  if (response.ok) page.innerHTML = text; else page.textContent = text;
  root.append(element('style', {}, style), page);
}

// TensorBoard does not tell plugins about its dark mode; the page around us is of the same origin.
function followTheme() {
  const outer = window.parent.document.body;
  const apply = () => {
    const dark = outer.classList.contains('dark-mode');
    document.body.classList.toggle('dark', dark);
    for (const slot of document.querySelectorAll('.report')) {
      slot.dataset.theme = dark ? 'dark' : 'light';
    }
  };
  new MutationObserver(apply).observe(outer, { attributes: true, attributeFilter: ['class'] });
  new MutationObserver(apply).observe(document.body, { childList: true, subtree: true });
  apply();
}
