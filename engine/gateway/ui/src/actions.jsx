// What a person who has the token can change, and the dialogs that ask for it. Each error is shown in the words of the
// peer.
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, setToken, token } from './api.js';
import { Name } from './parts.jsx';
import { isRunning, me } from './store.js';
import { humanRate } from './units.js';

/// The dialog that is open: { kind, row }, or null.
const dialog = signal(null);
/// What came of the last action: { text, bad }, or null.
const outcome = signal(null);
/// What is asked for once there is a token.
let afterToken = null;

/// A good outcome is read at a glance; a failure stays until it is closed.
const outcomeMilliseconds = 6000;
let outcomeTimer = 0;

function tellOutcome(text, bad) {
  clearTimeout(outcomeTimer);
  outcome.value = { text, bad };
  if (!bad) outcomeTimer = setTimeout(() => (outcome.value = null), outcomeMilliseconds);
}

/// Runs `act` if there is a token; otherwise asks for it first.
function withToken(act) {
  if (token.value) return act();
  afterToken = act;
  dialog.value = { kind: 'token' };
}
const open = (kind, row) => withToken(() => (dialog.value = { kind, row }));

async function attempt(done, method, path, body) {
  try {
    const answer = await call(method, path, body);
    // Several paths may fail one by one.
    const failed = Array.isArray(answer) && answer.find((one) => one.state === 'failed');
    if (failed) throw new Error(failed.reason);
    tellOutcome(done, false);
    return '';
  } catch (error) {
    return error.words || error.message;
  }
}

async function actNow(done, method, path, body) {
  const words = await attempt(done, method, path, body);
  if (words) tellOutcome(words, true);
}

const download = (row) =>
  withToken(() => actNow(`${row.name} is downloaded to this peer.`, 'POST', '/v1/downloads', { what: row.id }));
const pause = (row) =>
  withToken(() => actNow(`${row.name} is paused. What is here stays.`, 'DELETE', `/v1/downloads/${row.id}`));
const resume = (row) => withToken(() => actNow(`${row.name} goes on.`, 'POST', '/v1/downloads', { what: row.id }));

export function DownloadButtons({ row }) {
  const resumes = row.phase === 'cancelled' || row.phase === 'failed';
  return (
    <div class="buttons">
      {isRunning(row) && (
        <button type="button" aria-label={`Pause ${row.name}`} onClick={() => pause(row)}>
          Pause
        </button>
      )}
      {resumes && (
        <button type="button" aria-label={`Resume ${row.name}`} onClick={() => resume(row)}>
          Resume
        </button>
      )}
      <button type="button" class="plain" aria-label={`Limits of ${row.name}`} onClick={() => open('limits', row)}>
        Limits
      </button>
      <button type="button" class="plain danger" aria-label={`Remove ${row.name}`} onClick={() => open('remove', row)}>
        Remove
      </button>
    </div>
  );
}

export function ShareButtons({ row, download: running }) {
  if (running && running.phase !== 'complete') return <DownloadButtons row={running} />;
  if (!row.local) {
    return (
      <div class="buttons">
        <button type="button" class="main" onClick={() => download(row)}>
          Download to this peer
        </button>
        <button type="button" class="plain" onClick={() => open('download', row)}>
          Choose a folder
        </button>
      </div>
    );
  }
  return (
    <div class="buttons">
      <button type="button" class="plain" onClick={() => open('limits', row)}>
        Limits
      </button>
      <button type="button" class="plain danger" onClick={() => open('remove', row)}>
        Remove
      </button>
    </div>
  );
}

export function HeaderButtons() {
  return (
    <>
      <button type="button" onClick={() => open('add')}>
        Add
      </button>
      <button type="button" class="plain" onClick={() => open('limits')}>
        Limits
      </button>
      <button type="button" class="plain" onClick={() => (dialog.value = { kind: 'token' })}>
        {token.value ? 'Unlocked' : 'Unlock'}
      </button>
    </>
  );
}

export const askForToken = () => (dialog.value = { kind: 'token' });

export function Outcome() {
  const one = outcome.value;
  return (
    <div class="outcome-place" role="status" aria-live={one?.bad ? 'assertive' : 'polite'}>
      {one && (
        <p class={`outcome ${one.bad ? 'bad' : ''}`}>
          <bdi>{one.text}</bdi>
          <button type="button" class="plain" onClick={() => (outcome.value = null)}>
            Close
          </button>
        </p>
      )}
    </div>
  );
}

// Dialogs.

export function Dialogs() {
  const one = dialog.value;
  if (!one) return null;
  const Form = forms[one.kind];
  return <Dialog key={one.kind + (one.row?.id || '')} row={one.row} Form={Form} />;
}

function Dialog({ Form, row }) {
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  const close = () => (dialog.value = null);
  return (
    <dialog ref={box} aria-labelledby="dialog-title" onClose={close} onCancel={close}>
      <Form row={row} close={close} />
    </dialog>
  );
}

/// `send(form data)` returns the words of an error, or "".
function Form({ title, children, action, danger, send, close }) {
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFailure('');
    const words = await send(new FormData(event.currentTarget));
    setBusy(false);
    if (words) setFailure(words);
    else if (words === '') close();
  };
  return (
    <form onSubmit={onSubmit}>
      <h2 id="dialog-title">{title}</h2>
      {children}
      <p class="failure" role="alert">
        {failure && <bdi>{failure}</bdi>}
      </p>
      <div class="buttons end">
        <button type="button" class="plain" onClick={close}>
          Cancel
        </button>
        <button type="submit" class={danger ? 'danger main' : 'main'} disabled={busy}>
          {action}
        </button>
      </div>
    </form>
  );
}

function TokenForm({ close }) {
  const send = async (data) => {
    const text = data.get('token').trim();
    const before = token.value;
    setToken(text);
    if (!text) return '';
    try {
      // Changes nothing, and only who has the token may ask it.
      await call('PUT', '/v1/limits', {});
    } catch (error) {
      setToken(before);
      return error.words;
    }
    const act = afterToken;
    afterToken = null;
    if (act) {
      close();
      act();
      return null;
    }
    return '';
  };
  return (
    <Form
      title="Token of this peer"
      action={token.value ? 'Change' : 'Unlock'}
      send={send}
      close={() => {
        afterToken = null;
        close();
      }}
    >
      <p>
        Changes need the token, which <code>node token</code> shows on the machine of the peer. This tab keeps it until
        it is closed. Leave it empty to lock again.
      </p>
      <label>
        Token
        <input name="token" type="password" autocomplete="off" spellcheck={false} />
      </label>
    </Form>
  );
}

function AddForm({ close }) {
  const send = (data) =>
    attempt('It is shared.', 'POST', '/v1/shares', { paths: [data.get('path')], follow: data.get('follow') === 'on' });
  return (
    <Form title="Share a file or folder" action="Share" send={send} close={close}>
      <p>It stays where it is. The path is one on the machine of the peer.</p>
      <label>
        Path
        <input name="path" required autocomplete="off" spellcheck={false} placeholder="/data/models" />
      </label>
      <label class="check">
        <input type="checkbox" name="follow" /> Share new versions when it changes
      </label>
    </Form>
  );
}

function DownloadForm({ row, close }) {
  const send = (data) =>
    attempt(`${row.name} is downloaded to this peer.`, 'POST', '/v1/downloads', { what: row.id, dir: data.get('dir') });
  return (
    <Form title="Download to a folder" action="Download" send={send} close={close}>
      <p>
        <Name text={row.name} /> is put into this folder of the machine of the peer.
      </p>
      <label>
        Folder
        <input name="dir" required autocomplete="off" spellcheck={false} placeholder="/data" />
      </label>
    </Form>
  );
}

const limitText = (rate) => (rate ? humanRate(rate) : 'none');

function LimitsForm({ row, close }) {
  const figure = me();
  const now = row || figure || {};
  const path = row ? `/v1/shares/${row.id}/limits` : '/v1/limits';
  const send = (data) => {
    const body = {};
    for (const way of ['up', 'down']) if (data.get(way)) body[way] = data.get(way);
    return attempt('The limits are set.', 'PUT', path, body);
  };
  return (
    <Form title={row ? 'Limits of this share' : 'Limits of this peer'} action="Set" send={send} close={close}>
      {row && (
        <p>
          <Name text={row.name} />
        </p>
      )}
      <p>10M is 10 MB/s, 80Mbit is the same, 0 is no limit. What is empty stays as it is.</p>
      <label>
        Sends at most
        <input name="up" autocomplete="off" placeholder={limitText(now.up_limit)} />
      </label>
      <label>
        Receives at most
        <input name="down" autocomplete="off" placeholder={limitText(now.down_limit)} />
      </label>
    </Form>
  );
}

function RemoveForm({ row, close }) {
  const unfinished = row.phase && row.phase !== 'complete';
  const send = () => attempt(`${row.name} is removed.`, 'DELETE', `/v1/shares/${row.id}`);
  return (
    <Form
      title={unfinished ? 'Delete this download?' : 'Stop sharing?'}
      action={unfinished ? 'Delete' : 'Stop sharing'}
      danger
      send={send}
      close={close}
    >
      <p>
        {unfinished ? (
          <>
            What has arrived of <Name text={row.name} /> is deleted.
          </>
        ) : (
          <>
            This peer does not share <Name text={row.name} /> any more. The files stay on its disk.
          </>
        )}
      </p>
    </Form>
  );
}

const forms = { token: TokenForm, add: AddForm, download: DownloadForm, limits: LimitsForm, remove: RemoveForm };
