// Fills the store at a tracker: the messages of the WebSocket at /live (directory/tracking).
//
// The page looks only: it says `look`, and says it again in each heartbeat. Longer messages are packed with zlib.
import { happen, hashingShown, link, peers, shares, showNow } from './store.js';

const retryFirst = 1000;
const retryMax = 15000;
const heartbeatDefault = 5000;

async function unpacked(data) {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate'));
  return await new Response(stream).text();
}

/// The members of a share that change while it is there.
function numbersOf(row, of) {
  const held = row.held || 0;
  return {
    seeders: row.seeders || 0,
    leechers: row.leechers || 0,
    held,
    availability: of.bytes > 0 ? held / of.bytes : row.seeders || 0,
  };
}
/// As the API of a peer has it.
const shareOf = (row) => ({
  ...row,
  ...numbersOf(row, row),
  files: row.files || 0,
  published: (row.published || 0) / 1000,
  local: '',
});
const peerOf = (row) => ({
  ...row,
  port: row.port || 0,
  version: row.version || '',
  reachable: !!row.reachable,
  hashing: (row.hashing || []).slice(0, hashingShown),
  hashing_count: (row.hashing || []).length,
});

/// In a large swarm most peers are counted and not listed. Their rows come in pages, again and again.
const pagesAgain = 60000;
let unlisted = 0;
/// The peers that came in the pages of this round, and when the next round begins.
let paged = null;
let nextRound = 0;

const askPage = (after) => say({ type: 'list_peers', ...(after && { after }) });

function beginRound() {
  clearTimeout(nextRound);
  paged = new Set();
  askPage('');
}

function takePage(message) {
  if (!paged) return;
  for (const row of message.peers) {
    paged.add(row.peer);
    peers.put(row.peer, peerOf(row));
  }
  if (!message.last && message.peers.length) return askPage(message.peers.at(-1).peer);
  for (const peer of [...peers.rows.keys()]) if (!paged.has(peer)) peers.drop(peer);
  paged = null;
  if (unlisted) nextRound = setTimeout(beginRound, pagesAgain);
}

function countUnlisted(message) {
  const before = unlisted;
  unlisted = message.unlisted || 0;
  if (unlisted && !before) beginRound();
  if (unlisted) return;
  paged = null;
  clearTimeout(nextRound);
}

function takeSnapshot(message) {
  peers.replace((message.peers || []).map(peerOf), (row) => row.peer);
  shares.replace((message.shares || []).map(shareOf), (row) => row.id);
  unlisted = 0;
  countUnlisted(message);
}

function takeDelta(message) {
  const before = unlisted;
  countUnlisted(message);
  // All are listed from now on, and these are all.
  if (before && !unlisted) peers.replace((message.joined || []).map(peerOf), (row) => row.peer);
  for (const row of message.joined || []) {
    if (!unlisted && !peers.rows.has(row.peer)) happen('joined', `${row.name} joined`);
    peers.put(row.peer, peerOf(row));
  }
  for (const id of message.left || []) {
    const row = peers.rows.get(id);
    if (unlisted && row) {
      // It hashes nothing any more. Whether it is here the next round says.
      peers.put(id, { ...row, hashing: [], hashing_count: 0 });
      continue;
    }
    if (row) happen('left', `${row.name} left`);
    peers.drop(id);
  }
  for (const row of message.published || []) {
    if (!shares.rows.has(row.id)) happen('joined', `${row.name} is shared`, row.id);
    shares.put(row.id, shareOf(row));
  }
  for (const id of message.withdrawn || []) {
    const row = shares.rows.get(id);
    if (row) happen('left', `${row.name} is not shared any more`);
    shares.drop(id);
  }
  for (const numbers of message.progress || []) {
    const row = shares.rows.get(numbers.id);
    if (row) shares.put(row.id, { ...row, ...numbersOf(numbers, row) });
  }
}

let socket = null;
/// The share whose holders the page shows, and these.
let watched = '';
let onHolders = null;

const say = (message) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

/// Calls `tell(map of rows by peer)` for the share now and when its holders change. Returns what ends it.
export function watchHolders(id, tell) {
  const holders = new Map();
  watched = id;
  onHolders = (message) => {
    for (const row of message.joined || []) holders.set(row.peer, row);
    for (const peer of message.left || []) holders.delete(peer);
    tell(new Map(holders));
  };
  say({ type: 'watch', id });
  return () => {
    say({ type: 'unwatch', id });
    if (watched === id) watched = '';
  };
}

function session() {
  return new Promise((ended) => {
    let seq = null;
    let beat = 0;
    let order = Promise.resolve();
    let failure = '';
    let seen = performance.now();
    let heartbeat = heartbeatDefault;
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`);
    socket.binaryType = 'arraybuffer';
    const look = () => {
      say({ type: 'look' });
      if (performance.now() - seen > 6 * heartbeat) socket.close();
    };
    const take = (message) => {
      if (message.type === 'welcome') {
        // Each look is answered by one.
        if (beat) return;
        heartbeat = message.heartbeat_ms || heartbeatDefault;
        beat = setInterval(look, heartbeat);
      } else if (message.type === 'snapshot') {
        seq = message.seq;
        takeSnapshot(message);
        if (watched) say({ type: 'watch', id: watched });
        showNow(() => (link.value = { state: 'live', text: '' }));
      } else if (message.type === 'delta') {
        if (seq === null || message.seq <= seq) return;
        if (message.seq !== seq + 1) {
          seq = null;
          say({ type: 'resync' });
          return;
        }
        seq = message.seq;
        takeDelta(message);
      } else if (message.type === 'peers_page') {
        takePage(message);
      } else if (message.type === 'swarm') {
        if (message.id === watched) onHolders(message);
      } else if (message.type === 'failure') {
        failure = message.text;
      }
    };
    socket.onopen = look;
    socket.onmessage = (event) => {
      seen = performance.now();
      // One after the other, though unpacking takes a while.
      order = order
        .then(async () => take(JSON.parse(typeof event.data === 'string' ? event.data : await unpacked(event.data))))
        .catch(() => socket.close());
    };
    socket.onclose = () => {
      clearInterval(beat);
      ended(failure);
    };
  });
}

/// Runs as long as the page.
export async function followTracker() {
  let wait = retryFirst;
  for (;;) {
    const failure = await session();
    if (link.value.state === 'live') wait = retryFirst;
    link.value = { state: 'lost', text: failure || `${location.host} does not answer` };
    await new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2)));
    wait = Math.min(wait * 2, retryMax);
  }
}
