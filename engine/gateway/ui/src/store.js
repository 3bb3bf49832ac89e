// What the page knows: tables of rows that a source fills and views read.
//
// A source changes rows whenever it hears of them. Views see the changes at most twice a second, in a frame, so a swarm
// that is busy does not keep the browser busy.
import { batch, signal } from '@preact/signals';

/// Of what a peer hashes, as many as the API of a peer gives.
export const hashingShown = 8;

/// Between two frames that show changes.
const showInterval = 500;
/// What happened lately: as much as a person looks back.
const happeningsMax = 50;
/// Rates are kept for five minutes, one a second.
export const historySeconds = 300;

/// "peer" or "tracker": what serves this page.
export const place = document.querySelector('meta[name=shoal]').content;

const changed = new Set();
let timer = 0;
let shownAt = 0;

/// What changed is seen in this frame, together with what `also` changes.
export function showNow(also) {
  shownAt = performance.now();
  batch(() => {
    for (const one of changed) one.version.value++;
    changed.clear();
    also?.();
  });
}

function show() {
  timer = 0;
  requestAnimationFrame(() => showNow());
}

function touch(table) {
  changed.add(table);
  if (!timer) timer = setTimeout(show, Math.max(0, shownAt + showInterval - performance.now()));
}

class Table {
  rows = new Map();
  version = signal(0);

  put(id, row) {
    row.sortName = (row.name || '').toLowerCase();
    this.rows.set(id, row);
    touch(this);
  }
  drop(id) {
    if (this.rows.delete(id)) touch(this);
  }
  replace(rows, idOf) {
    this.rows.clear();
    for (const row of rows) this.put(idOf(row), row);
    touch(this);
  }
  /// Views that call this are shown again when something changed.
  all() {
    this.version.value;
    return this.rows;
  }
  get(id) {
    this.version.value;
    return this.rows.get(id);
  }
}

export const peers = new Table();
export const shares = new Table();
export const downloads = new Table();
/// What `why` says of a download, by id.
export const reasons = new Table();
/// Bytes a second by peer and share, as /v1/flows has them; keys are "PEER SHARE".
export const flows = new Table();
/// Row "me": the figures of the peer that serves this page.
export const figures = new Table();
export const me = () => figures.get('me');

/// How the page hears of changes: `state` is "connecting", "live" or "lost"; `text` says why.
export const link = signal({ state: 'connecting', text: '' });

// What happens, newest first.

export const happenings = signal([]);
let happeningNumber = 0;

export function happen(kind, text, id = '') {
  const one = { number: ++happeningNumber, at: Date.now(), kind, text, id };
  happenings.value = [one, ...happenings.value].slice(0, happeningsMax);
}

// Rates over time.

/// By id of a download, and "me": { down: [rate, …], up: [rate, …] }, one a second, the newest last.
export const history = new Map();
export const historyVersion = signal(0);

function remember(id, down, up) {
  let one = history.get(id);
  if (!one) history.set(id, (one = { down: [], up: [] }));
  one.down.push(down);
  one.up.push(up);
  if (one.down.length > historySeconds) {
    one.down.shift();
    one.up.shift();
  }
}

const running = new Set(['downloading', 'waiting', 'checking', 'finishing', 'metadata']);
export const isRunning = (download) => running.has(download.phase);

export function everySecond() {
  const figure = figures.rows.get('me');
  if (figure) remember('me', figure.download_rate, figure.upload_rate);
  for (const [id, row] of downloads.rows)
    if (isRunning(row)) remember(id, row.phase === 'downloading' ? row.rate : 0, 0);
  for (const id of history.keys()) if (id !== 'me' && !downloads.rows.has(id)) history.delete(id);
  historyVersion.value++;
}
