// A browser for tests/integration/page_test.py: one JSON object a line on stdin, one a line as the answer.
//
//   node browser.mjs MODULES CHROMIUM
//
// {"do": "open", "url", "scheme", "width", "height", "password"}   a new page; the former one is closed. The password is
//                                                      for the site, whose certificate may be unknown
// {"do": "value", "of"}                                what an expression is in the page
// {"do": "wait", "for", "seconds"}                     until an expression is true; answers with it
// {"do": "click" | "fill" | "press", "at", "text"}     as a person does, at a selector
// {"do": "axe"}                                        violations that axe-core finds: [rule, where, …]
// {"do": "save", "to"}                                 a picture of the page
// {"do": "watch"}                                      begins to measure what the page does
// {"do": "watched"}                                    what it did: milliseconds, see measures()
// {"do": "troubles"}                                   errors of the console and of scripts, requests to elsewhere
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';

const [modules, chromium] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'package.json'));
const browser = await require('playwright-core').chromium.launch({
  executablePath: chromium,
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

let page = null;
let troubles = [];
let origin = '';

async function open({ url, scheme = 'light', width = 1280, height = 900, password = null }) {
  if (page) await page.context().close();
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height },
    reducedMotion: 'reduce',
    ...(password && { httpCredentials: { username: '', password }, ignoreHTTPSErrors: true }),
  });
  page = await context.newPage();
  page.setDefaultTimeout(60000);
  // From a blank page whatever is opened first.
  origin = url === 'about:blank' ? '' : new URL(url).origin;
  page.on(
    'console',
    (message) => message.type() === 'error' && troubles.push(`console: ${message.text()} ${message.location().url}`),
  );
  page.on('pageerror', (error) => troubles.push(`script: ${error.stack || error}`));
  page.on('request', (request) => {
    const to = request.url();
    if (to.startsWith('data:') || to === 'about:blank') return;
    origin ||= new URL(to).origin;
    if (!to.startsWith(`${origin}/`)) troubles.push(`request to ${to}`);
  });
  await page.goto(url);
}

async function waitFor(expression, seconds) {
  const end = Date.now() + seconds * 1000;
  let failure = '';
  for (;;) {
    // While another page loads there is none to ask.
    const value = await page.evaluate(expression).catch((error) => void (failure = error));
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for: ${expression} ${failure}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

async function violations() {
  await page.evaluate(axe);
  const found = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  return found.violations.map((one) => [
    one.id,
    ...one.nodes.slice(0, 5).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`),
  ]);
}

const traced = ['devtools.timeline', 'toplevel'];
/// Where a script runs: each of them is inside a task, and may be inside another one.
const scripts = new Set([
  'FunctionCall',
  'EvaluateScript',
  'FireAnimationFrame',
  'TimerFire',
  'EventDispatch',
  'RunMicrotasks',
  'v8.run',
]);

/// Of the page's main thread: `task`, the longest task; `script`, the time of scripts in a frame with any, 95 of 100 are
/// shorter; `frames`, how many these are.
function measures(trace) {
  const events = JSON.parse(trace).traceEvents;
  const threads = events
    .filter((one) => one.name === 'thread_name' && one.args.name === 'CrRendererMain')
    .map((one) => `${one.pid} ${one.tid}`);
  const of = (one) => `${one.pid} ${one.tid}`;
  const load = new Map(threads.map((thread) => [thread, 0]));
  for (const one of events) if (one.ph === 'X' && load.has(of(one))) load.set(of(one), load.get(of(one)) + 1);
  const [main] = [...load].sort((a, b) => b[1] - a[1])[0];
  const own = events.filter((one) => one.ph === 'X' && of(one) === main).sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const cpu = (one) => one.tdur ?? one.dur;
  const tasks = own.filter((one) => one.name.endsWith('RunTask'));
  const frames = events
    .filter((one) => of(one) === main && one.name === 'AnimationFrame' && one.ph === 'b')
    .map((one) => one.ts)
    .sort((a, b) => a - b);
  const perFrame = new Map();
  let end = 0;
  let frame = 0;
  for (const one of own) {
    if (!scripts.has(one.name) || one.ts < end) continue;
    end = one.ts + one.dur;
    while (frame < frames.length && frames[frame] <= one.ts) ++frame;
    perFrame.set(frame, (perFrame.get(frame) || 0) + cpu(one));
  }
  const sorted = [...perFrame.values()].sort((a, b) => a - b);
  const milliseconds = (microseconds) => Math.round(microseconds / 10) / 100;
  return {
    task: milliseconds(Math.max(0, ...tasks.map(cpu))),
    script: milliseconds(sorted[Math.floor(sorted.length * 0.95)] || 0),
    frames: sorted.length,
  };
}

const actions = {
  open,
  value: ({ of }) => page.evaluate(of),
  wait: ({ for: expression, seconds = 60 }) => waitFor(expression, seconds),
  click: ({ at }) => page.click(at),
  fill: ({ at, text }) => page.fill(at, text),
  press: ({ at, text }) => (at ? page.press(at, text) : page.keyboard.press(text)),
  axe: violations,
  save: ({ to }) => page.screenshot({ path: to }),
  watch: () => browser.startTracing(page, { categories: traced }),
  watched: async () => measures((await browser.stopTracing()).toString()),
  troubles: () => troubles.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = { is: (await actions[asked.do](asked)) ?? null };
  } catch (error) {
    answer = { failed: String(error.stack || error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
