// Small parts that several views show.
import { useEffect, useRef, useState } from 'preact/hooks';
import { humanPercent } from './units.js';

/// A name from the swarm: foreign text, whose direction must not turn what stands around it.
export const Name = ({ text, title }) => (
  <bdi class="name" title={title || text}>
    {text}
  </bdi>
);

export function Bar({ part, whole, label, state = '' }) {
  const percent = whole > 0 ? Math.min(100, (part / whole) * 100) : 100;
  return (
    <div
      class={`bar ${state}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(percent)}
      aria-valuetext={humanPercent(part, whole)}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

/// Complete copies in the swarm: a bar that is full from one on, and the number.
export function Copies({ row }) {
  const copies = row.availability;
  const text = copies >= 99.95 ? copies.toFixed(0) : copies.toFixed(1);
  return (
    <span class="copies" title={`${text} complete copies`}>
      <span class={`strip ${copies < 0.9995 ? 'short' : ''}`} aria-hidden="true">
        <span style={{ width: `${Math.min(1, copies) * 100}%` }} />
      </span>
      <span class="figures">{text} ×</span>
    </span>
  );
}

export function Copy({ label, text }) {
  const [done, setDone] = useState('');
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (event) => {
    const field = event.currentTarget.parentElement.querySelector('code');
    let said = 'Copied';
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Browsers allow it on HTTPS and on this machine only. Selected, it is one key away.
      getSelection().selectAllChildren(field);
      said = document.execCommand('copy') ? 'Copied' : 'Selected';
    }
    setDone(said);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDone(''), 2000);
  };
  return (
    <div class="copy">
      <span class="copy-label">{label}</span>
      <code tabIndex={0} role="textbox" aria-readonly="true" aria-label={label}>
        {text}
      </code>
      <button type="button" onClick={copy} aria-label={`Copy ${label}`}>
        {done || 'Copy'}
      </button>
      <span class="unseen" role="status">
        {done && `${label}: ${done}`}
      </span>
    </div>
  );
}

export const Count = ({ of }) => <span class="count">{of.toLocaleString('en')}</span>;
