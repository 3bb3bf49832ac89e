// What other peers hash: shares that are here soon, and have no id yet.
import { Bar, Name } from './parts.jsx';
import { peers } from './store.js';
import { humanPercent } from './units.js';

const rowsAtOnce = 6;

/// Nothing if nobody hashes. What this peer hashes itself is among its transfers.
export function Hashed() {
  const rows = [];
  for (const peer of peers.all().values()) {
    if (!peer.self) for (const one of peer.hashing) rows.push({ ...one, peer: peer.name });
  }
  if (!rows.length) return null;
  rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.peer < b.peer ? -1 : 1));
  const more = rows.length - rowsAtOnce;
  return (
    <ul class="hashed" aria-label="Being hashed">
      {rows.slice(0, rowsAtOnce).map((row) => (
        <li key={`${row.peer} ${row.name}`}>
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
