// What other peers hash: shares that are here soon, and have no id yet.
import { Bar, Name } from './parts.jsx';
import { peers } from './store.js';
import { humanPercent } from './units.js';

const rowsAtOnce = 6;

const compared = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/// Nothing if nobody hashes. What this peer hashes itself is among its transfers.
export function Hashed() {
  const rows = [];
  let count = 0;
  for (const peer of peers.all().values()) {
    if (peer.self) continue;
    count += peer.hashing_count;
    peer.hashing.forEach((one, at) => rows.push({ ...one, peer: peer.name, key: `${peer.peer} ${at}` }));
  }
  if (!rows.length) return null;
  rows.sort((a, b) => compared(a.name, b.name) || compared(a.key, b.key));
  const more = count - Math.min(rows.length, rowsAtOnce);
  return (
    <ul class="hashed" aria-label="Being hashed">
      {rows.slice(0, rowsAtOnce).map((row) => (
        <li key={row.key}>
          <p class="card-line">
            <span>
              <Name text={row.name} />
            </span>
            <span>
              <Name text={row.peer} /> hashes it{row.bytes > 0 && `, ${humanPercent(row.done, row.bytes)}`}
            </span>
          </p>
          <Bar part={row.done} whole={row.bytes || 1} label={`Hashing ${row.name}`} />
        </li>
      ))}
      {more > 0 && <li class="quiet">and {more.toLocaleString('en')} more</li>}
    </ul>
  );
}
