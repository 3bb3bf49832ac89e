// Fills the store at a peer: the events of /v1/events, and once all that is there.
import { Failure, call, callRows, failureOf, headersOf, poll, token } from './api.js';
import {
  downloads,
  figures,
  flows,
  happen,
  isRunning,
  link,
  peers,
  reasons,
  shares,
  showNow,
} from './store.js';

const retryFirst = 1000;
const retryMax = 15000;
/// The server says something at least each 15 s.
const silenceMax = 40000;

const tables = {
  share: [shares, (row) => row.id],
  peer: [peers, (row) => row.peer],
  download: [downloads, (row) => row.id],
};
const ended = { complete: 'is complete', failed: 'failed', cancelled: 'is paused' };

/// `told`: the change is news, and not what was there when the page came.
function take(type, row, told) {
  if (type === 'status') return figures.put('me', { ...figures.rows.get('me'), ...row });
  const gone = type.endsWith('-gone');
  const kind = gone ? type.slice(0, -5) : type;
  const [table, idOf] = tables[kind] || [];
  if (!table) return;
  const id = gone ? row.id : idOf(row);
  const before = table.rows.get(id);
  if (told) tell(kind, gone, before, row);
  if (gone) table.drop(id);
  else table.put(id, row);
}

function tell(kind, gone, before, row) {
  const name = (before || row).name;
  if (kind === 'peer') {
    if (gone && before) happen('left', `${name} left`);
    if (!gone && !before) happen('joined', `${name} joined`);
  } else if (kind === 'share') {
    if (gone && before) happen('left', `${name} is not shared any more`);
    if (!gone && !before) happen('joined', `${name} is shared`, row.id);
  } else if (!gone) {
    if (!before && isRunning(row)) happen('began', `${name} is downloaded here`, row.id);
    if (before && before.phase !== row.phase && ended[row.phase])
      happen('ended', `${name} ${ended[row.phase]}`, row.id);
  }
}

async function load() {
  const [status, listed, present] = await Promise.all([
    call('GET', '/v1/status'),
    callRows('/v1/shares?versions=true', 'id'),
    callRows('/v1/peers', 'peer'),
  ]);
  downloads.replace(status.downloads, (row) => row.id);
  // What is hashed has no id yet: it stands in the rows of peers.
  shares.replace(
    listed.filter((row) => row.id),
    (row) => row.id,
  );
  peers.replace(present, (row) => row.peer);
  figures.put('me', status);
}

/// Server-sent events of a fetch, which unlike an EventSource can show the token. Calls onEvent(type, row).
async function listen(answer, onEvent, alive) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    const parts = (rest + value).split('\n\n');
    rest = parts.pop();
    for (const part of parts) {
      const event = {};
      for (const line of part.split('\n')) {
        const colon = line.indexOf(': ');
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (event.event) onEvent(event.event, JSON.parse(event.data));
    }
  }
}

async function session() {
  const stop = new AbortController();
  let timer = 0;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), silenceMax);
  };
  alive();
  // A new token shows more: begin anew with it.
  const forget = token.subscribe(((first) => () => (first ? (first = false) : stop.abort()))(true));
  let early = [];
  let failed = null;
  try {
    const answer = await fetch('/v1/events', { headers: headersOf(), signal: stop.signal });
    if (!answer.ok) throw await failureOf(answer);
    const begin = () => {
      early = [];
      load().then(
        () => {
          for (const [type, row] of early) take(type, row, false);
          early = null;
          showNow(() => (link.value = { state: 'live', text: '' }));
        },
        (error) => {
          failed = error;
          stop.abort();
        },
      );
    };
    begin();
    const onEvent = (type, row) => {
      if (type === 'reset') begin();
      else if (early) early.push([type, row]);
      else take(type, row, true);
    };
    await listen(answer, onEvent, alive);
  } catch (error) {
    if (!failed && error instanceof Failure) failed = error;
  } finally {
    clearTimeout(timer);
    forget();
    stop.abort();
  }
  return failed;
}

/// Runs as long as the page.
export async function followPeer() {
  let wait = retryFirst;
  for (;;) {
    const before = token.value;
    const failed = await session();
    if (link.value.state === 'live') wait = retryFirst;
    if (token.value !== before) continue;
    link.value = {
      state: 'lost',
      text: failed ? failed.words : `${location.host} does not answer`,
      locked: failed?.status === 401 || failed?.status === 403,
    };
    await new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2)));
    wait = Math.min(wait * 2, retryMax);
  }
}

/// While something downloads: what holds it up. Only who has the token is told it in full.
export function followReasons() {
  return poll(async () => {
    if (link.value.state !== 'live' || ![...downloads.rows.values()].some(isRunning)) return;
    try {
      reasons.replace(await call('GET', '/v1/why'), (row) => row.id);
    } catch {
      // The connection of the events says what is wrong.
    }
  }, 2000);
}

/// While a view shows them: who sends to whom.
export function followFlows() {
  return poll(async () => {
    if (link.value.state !== 'live') return;
    try {
      flows.replace(await call('GET', '/v1/flows'), (row) => `${row.peer} ${row.id}`);
    } catch {
      // The connection of the events says what is wrong.
    }
  }, 1000);
}
