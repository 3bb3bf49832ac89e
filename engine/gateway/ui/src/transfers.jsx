// What this peer fetches and hashes: a card for each, with progress, rate over time and what holds it up.
import { useState } from 'preact/hooks';
import { DownloadButtons } from './actions.jsx';
import { RateChart } from './chart.jsx';
import { Bar, Count, Name } from './parts.jsx';
import { PieceStrip } from './pieces.jsx';
import { wordsOf } from './reasons.js';
import { downloads, hashingShown, isRunning, me, reasons } from './store.js';
import { humanCount, humanDuration, humanFraction, humanPercent, humanRate } from './units.js';

/// Cards that are shown at once: each has a chart.
const cardsAtOnce = 12;

const downRate = [{ key: 'down', label: 'receives', color: '--down' }];

export function Transfers() {
  const [most, setMost] = useState(cardsAtOnce);
  // An event has fewer of them than what is loaded first.
  const hashing = (me()?.hashing || []).slice(0, hashingShown);
  const hashingCount = me()?.hashing_count || 0;
  // Running ones first, then by name: a card does not move while one reads it.
  const order = { failed: 1, cancelled: 2, complete: 3 };
  const rows = [...downloads.all().values()]
    .filter((row) => row.phase !== 'complete')
    .sort((a, b) => (order[a.phase] || 0) - (order[b.phase] || 0) || (a.sortName < b.sortName ? -1 : 1));
  return (
    <section aria-labelledby="transfers">
      <h2 id="transfers">
        Transfers <Count of={rows.length + hashingCount} />
      </h2>
      {!rows.length && !hashingCount && <p class="empty">Nothing is fetched at the moment.</p>}
      <div class="cards">
        {hashing.map((row, at) => (
          <article class="card" key={`hash ${at}`}>
            <header>
              <h3>
                <Name text={row.name} />
              </h3>
              <span class="badge">hashing</span>
            </header>
            <Bar part={row.done} whole={row.bytes} label={`Hashing ${row.name}`} />
            <p class="card-line">
              <span>{humanFraction(row.done, row.bytes)}</span>
              <span>{humanPercent(row.done, row.bytes)}</span>
            </p>
          </article>
        ))}
        {rows.slice(0, most).map((row) => (
          <Transfer key={row.id} row={row} />
        ))}
      </div>
      {hashingCount > hashing.length && (
        <p class="quiet">{(hashingCount - hashing.length).toLocaleString('en')} more are hashed, or will be</p>
      )}
      {rows.length > most && (
        <button type="button" onClick={() => setMost(most + cardsAtOnce)}>
          Show more: {most} of {rows.length} are shown
        </button>
      )}
    </section>
  );
}

function Transfer({ row }) {
  const words = wordsOf(row, reasons.get(row.id));
  const busy = row.sources.filter((one) => one.rate > 0).length;
  const moves = row.phase === 'downloading';
  return (
    <article class="card" data-download={row.id} data-phase={row.phase}>
      <header>
        <h3>
          <a href={`#/share/${row.id}`}>
            <Name text={row.name} />
          </a>
        </h3>
        <span class={`badge ${row.phase}`}>{row.phase === 'cancelled' ? 'paused' : row.phase}</span>
      </header>
      <Bar part={row.done} whole={row.bytes} label={`Progress of ${row.name}`} state={row.phase} />
      {isRunning(row) && row.phase !== 'metadata' && <PieceStrip id={row.id} />}
      <p class="card-line">
        <span data-done={row.done}>
          {humanFraction(row.done, row.bytes)} · {humanPercent(row.done, row.bytes)}
        </span>
        <span>{moves && row.eta >= 0 ? `${humanDuration(row.eta)} left` : ''}</span>
      </p>
      <p class="card-line">
        <span>{moves ? humanRate(row.rate) : ''}</span>
        <span>{moves ? `from ${humanCount(busy, 'source')}` : ''}</span>
      </p>
      {isRunning(row) && (
        <RateChart
          id={row.id}
          series={downRate}
          height={44}
          axes={false}
          label={`Rate of ${row.name}, now ${humanRate(row.rate)}`}
        />
      )}
      {words && <p class="why">{words}</p>}
      <DownloadButtons row={row} />
    </article>
  );
}
