// Requests to the server of this page, and the token with which they may change something.
import { signal } from '@preact/signals';

const tokenKey = 'shoal-token';

/// Kept as long as the tab. "" if nobody typed it.
export const token = signal(sessionStorage.getItem(tokenKey) || '');

export function setToken(text) {
  token.value = text;
  if (text) sessionStorage.setItem(tokenKey, text);
  else sessionStorage.removeItem(tokenKey);
}

/// What would help against an error, by the name that the API gives it (core/error).
const remedies = {
  see_list: 'look at the shares of the swarm',
  see_status: 'look at what this peer does',
  other_directory: 'choose another folder',
  make_directory: 'create the folder, or choose another one',
  clear_place: 'move it away, or choose another folder',
  replace_older: 'allow it to replace the older version, or choose another folder',
  free_space: 'free some space, or choose another folder',
  other_state_directory: 'choose another state directory for the peer',
  end_other_peer: 'stop the other peer, or choose another state directory',
  other_port: 'choose another port',
  other_key: 'ask whoever runs the swarm for its key file',
  some_key: "give the peer the swarm's key",
  without_key: 'if the swarm is open, start the peer without a key',
  other_host_name: 'open this page by an address of the machine, or start the peer with --api-host NAME',
  change_address: 'open this page at 127.0.0.1, or start the peer with --api-listen ADDRESS',
  some_tracker: 'start the peer with --tracker HOST:PORT',
};

export class Failure extends Error {
  constructor(status, text, remedy) {
    super(text);
    this.status = status;
    this.remedy = remedies[remedy] || '';
  }
  get words() {
    return this.remedy ? `${this.message}; ${this.remedy}` : this.message;
  }
}

export function headersOf(more = {}) {
  return token.value ? { Authorization: `Bearer ${token.value}`, ...more } : more;
}

/// So long at once: shorter than a frame.
export const turnMilliseconds = 6;
/// Rows that are parsed at once.
const rowsAtOnce = 200;

/// Makes room for the browser to draw and to hear keys.
export const nextTurn = () => new Promise((next) => setTimeout(next));

/// A list of rows, each of which begins with the member `first`, as no object inside of them does. It is parsed in turns,
/// however long it is.
export async function callRows(path, first) {
  const text = await (await answerOf('GET', path)).text();
  const rows = [];
  // Inside of a string a quote has a backslash before it, and what follows the end of a string is no letter. So this parts
  // two rows and nothing else, whatever their names are.
  const border = new RegExp(`\\},\\{"${first}":`, 'g');
  let begin = text.indexOf('[') + 1;
  let turn = performance.now();
  border.lastIndex = begin;
  for (let count = 1; begin > 0; ++count) {
    const end = border.exec(text)?.index ?? -1;
    if (end >= 0 && count % rowsAtOnce) continue;
    const last = end < 0 ? text.lastIndexOf(']') : end + 1;
    rows.push(...JSON.parse(`[${text.slice(begin, last)}]`));
    if (end < 0) break;
    begin = last + 1;
    if (performance.now() - turn > turnMilliseconds) {
      await nextTurn();
      turn = performance.now();
    }
  }
  return rows;
}

/// The answer of the API, or throws a Failure with the words of the problem details (RFC 9457).
export const call = async (method, path, body) => (await answerOf(method, path, body)).json();

async function answerOf(method, path, body) {
  const headers = headersOf(body === undefined ? {} : { 'Content-Type': 'application/json' });
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Failure(0, `${location.host} does not answer`);
  }
  if (answer.ok) return answer;
  throw await failureOf(answer);
}

export async function failureOf(answer) {
  const text = await answer.text();
  try {
    const problem = JSON.parse(text);
    return new Failure(answer.status, problem.detail || problem.title, problem.remedy);
  } catch {
    return new Failure(answer.status, text.trim().slice(0, 300) || answer.statusText);
  }
}

/// A question that took t is asked again after so many times t at least: an open page costs the server little. Who has no
/// token waits for the server's budget already, so its time is not the server's work.
const pauseFactorTrusted = 50;
const pauseFactor = 4;

/// Calls `ask` again and again, at least `interval` ms apart. Returns what ends it.
export function poll(ask, interval) {
  let timer = 0;
  let ended = false;
  const round = async () => {
    const begun = performance.now();
    if (!document.hidden) await ask();
    if (!ended)
      timer = setTimeout(
        round,
        Math.max(interval, (token.value ? pauseFactorTrusted : pauseFactor) * (performance.now() - begun)),
      );
  };
  round();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
