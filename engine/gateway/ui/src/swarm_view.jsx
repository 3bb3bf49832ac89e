// The swarm: what this peer transfers, which shares there are, who is here, and what happens.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { RateChart } from './chart.jsx';
import { Hashed } from './hashed.jsx';
import { Copies, Count, Name } from './parts.jsx';
import { followFlows, followReasons } from './peer_source.js';
import { flows, happenings, me, peers, place, shares } from './store.js';
import { Transfers } from './transfers.jsx';
import { VirtualList, ordered } from './virtual_list.jsx';
import { humanBytes, humanCount, humanDate, humanRate } from './units.js';

export const openShare = (row) => (location.hash = `#/share/${row.id}`);

const bothRates = [
  { key: 'down', label: 'receives', color: '--down' },
  { key: 'up', label: 'sends', color: '--up' },
];

export function SwarmView() {
  useEffect(() => (place === 'peer' ? followReasons() : undefined), []);
  useEffect(() => (place === 'peer' ? followFlows() : undefined), []);
  return (
    <>
      <h1 class="unseen" tabIndex={-1}>
        Swarm
      </h1>
      <Figures />
      {place === 'peer' && <Transfers />}
      <div class="columns">
        <Shares />
        <div class="side">
          <Peers />
          <Happenings />
        </div>
      </div>
    </>
  );
}

function Figures() {
  const figure = me();
  const all = peers.all();
  const listed = shares.all();
  let bytes = 0;
  let unreachable = 0;
  for (const row of listed.values()) bytes += row.bytes;
  for (const row of all.values()) if (!row.reachable) ++unreachable;
  return (
    <section class="figures-line" aria-label="Figures">
      <Figure
        name="Peers"
        value={all.size.toLocaleString('en')}
        id="peers"
        note={unreachable ? `${unreachable} not reachable` : 'all reachable'}
      />
      <Figure name="Shares" value={listed.size.toLocaleString('en')} id="shares" note={humanBytes(bytes)} />
      {figure && (
        <Figure
          name="Receives"
          value={humanRate(figure.download_rate)}
          note={`${humanBytes(figure.bytes_downloaded)} in all`}
          mark="down"
        />
      )}
      {figure && (
        <Figure
          name="Sends"
          value={humanRate(figure.upload_rate)}
          note={`${humanBytes(figure.bytes_uploaded)} in all`}
          mark="up"
        />
      )}
      {figure && (
        <div class="figure-chart">
          <RateChart
            id="me"
            series={bothRates}
            height={112}
            label={`Rates of the last five minutes. Now it receives ${humanRate(figure.download_rate)} and sends ${humanRate(figure.upload_rate)}.`}
          />
        </div>
      )}
    </section>
  );
}

const Figure = ({ name, value, note, mark, id }) => (
  <div class={`figure ${mark || ''}`} data-figure={id}>
    <span class="figure-name">{name}</span>
    <span class="figure-value">{value}</span>
    <span class="figure-note">{note}</span>
  </div>
);

// Lists.

const stateWords = { seeding: 'here', downloading: 'arriving', waiting: 'waiting', hashing: 'hashing' };

export const State = ({ row }) =>
  row.local ? <span class={`badge ${row.local}`}>{stateWords[row.local] || row.local}</span> : null;

const shareColumns = [
  {
    key: 'name',
    title: 'Name',
    grow: 1,
    sort: (row) => row.sortName,
    cell: (row) => (
      <a href={`#/share/${row.id}`} tabIndex={-1}>
        <Name text={row.name} />
      </a>
    ),
  },
  {
    key: 'size',
    title: 'Size',
    number: true,
    width: 5,
    sort: (row) => row.bytes,
    cell: (row) => humanBytes(row.bytes),
  },
  {
    key: 'files',
    title: 'Files',
    number: true,
    width: 4,
    from: 640,
    sort: (row) => row.files,
    cell: (row) => row.files.toLocaleString('en'),
  },
  {
    key: 'holders',
    title: 'Holders',
    number: true,
    width: 4.5,
    from: 460,
    sort: (row) => row.seeders * 1e6 + row.leechers,
    cell: (row) => (
      <span title={`${humanCount(row.seeders, 'seeder')}, ${humanCount(row.leechers, 'leecher')}`}>
        {row.seeders}
        {row.leechers ? ` + ${row.leechers}` : ''}
      </span>
    ),
  },
  { key: 'copies', title: 'Copies', width: 7.5, sort: (row) => row.availability, cell: (row) => <Copies row={row} /> },
  { key: 'state', title: 'Here', width: 5.5, from: 600, sort: (row) => row.local, cell: (row) => <State row={row} /> },
  {
    key: 'published',
    title: 'Published',
    number: true,
    width: 9,
    from: 860,
    sort: (row) => row.published,
    cell: (row) => humanDate(row.published),
  },
];
const columnsHere = shareColumns.filter((column) => place === 'peer' || column.key !== 'state');
const shareSort = signal({ by: 'name', down: false });
const shareFilter = signal('');

function Shares() {
  const rows = ordered(shares.all(), columnsHere, shareSort.value, shareFilter.value);
  return (
    <section class="panel" aria-labelledby="shares">
      <PanelHead id="shares" title="Shares" count={shares.rows.size} filter={shareFilter} />
      <Hashed />
      <VirtualList
        label="Shares"
        rows={rows}
        columns={columnsHere}
        keyOf={(row) => row.id}
        sort={shareSort}
        onOpen={openShare}
        empty={shareFilter.value ? 'No share has this in its name.' : 'Nobody shares anything yet.'}
      />
    </section>
  );
}

/// Bytes a second by peer, as far as this peer has to do with it.
function ratesByPeer() {
  const rates = new Map();
  for (const row of flows.all().values()) {
    const one = rates.get(row.peer) || { up: 0, down: 0 };
    one.up += row.up;
    one.down += row.down;
    rates.set(row.peer, one);
  }
  return rates;
}

const addressOf = (row) => (row.address.includes(':') ? `[${row.address}]:${row.port}` : `${row.address}:${row.port}`);
const peerSort = signal({ by: 'name', down: false });
const peerFilter = signal('');

function peerColumns(rates) {
  const rate = (row, way) => rates.get(row.peer)?.[way] || 0;
  const shown = (row, way) => (rate(row, way) >= 1 ? humanRate(rate(row, way)) : <span class="quiet">–</span>);
  const columns = [
    {
      key: 'name',
      title: 'Name',
      grow: 1.3,
      sort: (row) => row.sortName,
      cell: (row) => (
        <span class="peer-name">
          <span
            class={`dot ${row.reachable ? '' : 'shut'}`}
            role="img"
            aria-label={row.reachable ? 'reachable' : 'not reachable'}
            title={row.reachable ? 'the tracker could connect to it' : 'nobody can connect to it from outside'}
          />
          <Name text={row.name} title={row.peer} />
          {row.self && <span class="badge self">this peer</span>}
        </span>
      ),
    },
    {
      key: 'address',
      title: 'Address',
      width: 10.5,
      from: 620,
      sort: (row) => row.address,
      cell: (row) => <span class="mono">{addressOf(row)}</span>,
    },
    {
      key: 'client',
      title: 'Client',
      width: 6.5,
      from: 520,
      sort: (row) => row.version,
      cell: (row) => <Name text={row.version} />,
    },
  ];
  if (place === 'peer') {
    columns.push(
      {
        key: 'down',
        title: 'To us',
        number: true,
        width: 6.5,
        sort: (row) => rate(row, 'down'),
        cell: (row) => shown(row, 'down'),
      },
      {
        key: 'up',
        title: 'From us',
        number: true,
        width: 6.5,
        sort: (row) => rate(row, 'up'),
        cell: (row) => shown(row, 'up'),
      },
    );
  }
  return columns;
}

function Peers() {
  const columns = peerColumns(ratesByPeer());
  const rows = ordered(peers.all(), columns, peerSort.value, peerFilter.value);
  return (
    <section class="panel" aria-labelledby="peers">
      <PanelHead id="peers" title="Peers" count={peers.rows.size} filter={peerFilter} />
      <VirtualList
        label="Peers"
        rows={rows}
        columns={columns}
        keyOf={(row) => row.peer}
        sort={peerSort}
        empty={peerFilter.value ? 'No peer has this in its name.' : 'No peer is known: is the tracker reachable?'}
      />
    </section>
  );
}

function PanelHead({ id, title, count, filter }) {
  return (
    <header class="panel-head">
      <h2 id={id}>
        {title} <Count of={count} />
      </h2>
      <input
        type="search"
        aria-label={`Filter ${title.toLowerCase()} by name`}
        placeholder="Filter"
        value={filter.value}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
    </header>
  );
}

const clock = (at) => new Date(at).toTimeString().slice(0, 8);

function Happenings() {
  const all = happenings.value.slice(0, 12);
  return (
    <section class="panel happenings" aria-labelledby="happenings">
      <header class="panel-head">
        <h2 id="happenings">Lately</h2>
      </header>
      {!all.length && <p class="empty">What happens from now on stands here.</p>}
      <ol>
        {all.map((one) => (
          <li key={one.number} class={one.kind}>
            <time>{clock(one.at)}</time>
            {one.id ? (
              <a href={`#/share/${one.id}`}>
                <Name text={one.text} />
              </a>
            ) : (
              <Name text={one.text} />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
