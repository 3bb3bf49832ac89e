// Who sends to whom now. A peer knows what passes through itself: a picture of its largest flows, and a table of all.
// A tracker knows no flows; it shows which shares are on their way from how many to how many.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { followFlows } from './peer_source.js';
import { Copies, Name } from './parts.jsx';
import { flows, me, peers, place, shares } from './store.js';
import { openShare } from './swarm_view.jsx';
import { VirtualList, ordered } from './virtual_list.jsx';
import { humanBytes, humanCount, humanRate } from './units.js';

/// Ribbons of one side: more are too thin to be told apart, and go into one.
const ribbonsMax = 16;
const pictureWidth = 1000;
/// A label and the room around it.
const slot = 26;
const ribbonGap = 6;
const rowsMin = 5;
/// Below this nothing is drawn: measured rates fade out.
const rateMin = 1;

export function FlowView() {
  return (
    <>
      <h1 class="unseen" tabIndex={-1}>
        Flow
      </h1>
      {place === 'peer' ? <PeerFlow /> : <TrackerFlow />}
    </>
  );
}

const flowSort = signal({ by: 'both', down: true });

function PeerFlow() {
  useEffect(() => followFlows(), []);
  const totals = new Map();
  for (const row of flows.all().values()) {
    const one = totals.get(row.peer) || {
      peer: row.peer,
      name: row.peer_name || peers.rows.get(row.peer)?.name || row.address,
      client: row.client,
      up: 0,
      down: 0,
      uploaded: 0,
      downloaded: 0,
      shares: [],
    };
    for (const key of ['up', 'down', 'uploaded', 'downloaded']) one[key] += row[key];
    one.shares.push(row);
    totals.set(row.peer, one);
  }
  const all = [...totals.values()];
  for (const one of all) one.sortName = one.name.toLowerCase();
  const largest = Math.max(rateMin, ...all.map((one) => Math.max(one.up, one.down)));
  const columns = [
    {
      key: 'name',
      title: 'Peer',
      grow: 2,
      sort: (one) => one.sortName,
      cell: (one) => <Name text={one.name} title={one.peer} />,
    },
    {
      key: 'client',
      title: 'Client',
      width: 9,
      from: 1000,
      sort: (one) => one.client,
      cell: (one) => <Name text={one.client} />,
    },
    {
      key: 'down',
      title: 'To us',
      grow: 1.4,
      sort: (one) => one.down,
      cell: (one) => <RateBar rate={one.down} largest={largest} way="down" />,
    },
    {
      key: 'up',
      title: 'From us',
      grow: 1.4,
      sort: (one) => one.up,
      cell: (one) => <RateBar rate={one.up} largest={largest} way="up" />,
    },
    {
      key: 'downloaded',
      title: 'Received',
      number: true,
      width: 6.5,
      from: 760,
      sort: (one) => one.downloaded,
      cell: (one) => humanBytes(one.downloaded),
    },
    {
      key: 'uploaded',
      title: 'Sent',
      number: true,
      width: 6.5,
      from: 760,
      sort: (one) => one.uploaded,
      cell: (one) => humanBytes(one.uploaded),
    },
    {
      key: 'shares',
      title: 'Shares',
      grow: 2,
      from: 900,
      sort: (one) => one.shares.length,
      cell: (one) => (
        <span class="flow-shares">
          {one.shares.slice(0, 3).map((row) => (
            <a key={row.id} href={`#/share/${row.id}`} tabIndex={-1}>
              <Name text={row.name} />
            </a>
          ))}
          {one.shares.length > 3 && <span class="quiet">and {one.shares.length - 3} more</span>}
        </span>
      ),
    },
  ];
  // At first both ways count: who moves most stands on top.
  const both = { key: 'both', sort: (one) => one.up + one.down };
  const rows = ordered(totals, [...columns, both], flowSort.value, '');
  return (
    <>
      <Picture all={all} />
      <section class="panel" aria-labelledby="flows">
        <header class="panel-head">
          <h2 id="flows">
            Connected peers <span class="count">{rows.length}</span>
          </h2>
        </header>
        <VirtualList
          label="Flows"
          rows={rows}
          columns={columns}
          keyOf={(one) => one.peer}
          sort={flowSort}
          empty="No peer is connected at the moment."
        />
      </section>
    </>
  );
}

const RateBar = ({ rate, largest, way }) => (
  <span class={`rate-bar ${way}`}>
    <span class="track" aria-hidden="true">
      <span style={{ width: `${rate >= rateMin ? Math.max(1, (rate / largest) * 100) : 0}%` }} />
    </span>
    <span class="figures">{rate >= rateMin ? humanRate(rate) : '–'}</span>
  </span>
);

/// What moves one way: the largest one by one, and the others as one.
function sideOf(all, way) {
  const moving = all.filter((one) => one[way] >= rateMin).sort((a, b) => b[way] - a[way]);
  const list = moving.slice(0, ribbonsMax).map((one) => ({ key: one.peer, name: one.name, rate: one[way] }));
  const rest = moving.slice(ribbonsMax);
  const sum = (rows, of) => rows.reduce((total, one) => total + one[of], 0);
  if (rest.length) list.push({ key: 'rest', name: humanCount(rest.length, 'other peer'), rate: sum(rest, way) });
  return { way, list, peers: moving.length, rate: sum(list, 'rate') };
}

/// Where each ribbon is at its peer. One that is thicker than its label takes more room.
function placesOf(side, scale) {
  let at = 0;
  const places = side.list.map((one) => {
    const room = Math.max(slot, one.rate * scale + ribbonGap);
    at += room;
    return at - room / 2;
  });
  return { places, height: at };
}

function Picture({ all }) {
  const name = me()?.name || 'this peer';
  const left = sideOf(all, 'down');
  const right = sideOf(all, 'up');
  const most = Math.max(left.list.length, right.list.length, rowsMin);
  const scale = (most * slot * 0.7) / Math.max(left.rate, right.rate, rateMin);
  const at = { down: placesOf(left, scale), up: placesOf(right, scale) };
  const height = Math.max(at.down.height, at.up.height, rowsMin * slot);
  const words = `${name} receives ${humanRate(left.rate)} from ${humanCount(left.peers, 'peer')} and sends ${humanRate(right.rate)} to ${humanCount(right.peers, 'peer')}.`;
  const middle = height / 2;
  const half = Math.max(26, (Math.max(left.rate, right.rate) * scale) / 2);
  return (
    <section class="panel flow-picture" aria-labelledby="picture" tabIndex={0}>
      <header class="panel-head">
        <h2 id="picture">Now</h2>
        <bdi class="quiet">{words}</bdi>
      </header>
      <svg viewBox={`0 0 ${pictureWidth} ${height}`} role="img" aria-label={words}>
        <Side side={left} at={at.down} middle={middle} scale={scale} />
        <Side side={right} at={at.up} middle={middle} scale={scale} />
        <rect class="self" x={pictureWidth / 2 - 60} y={middle - half} width="120" height={2 * half} rx="8" />
        <text class="self-name" x={pictureWidth / 2} y={middle + 5} text-anchor="middle">
          {short(name, 14)}
        </text>
        {!left.peers && (
          <text class="idle" x="250" y={middle + 5} text-anchor="end">
            receives nothing
          </text>
        )}
        {!right.peers && (
          <text class="idle" x={pictureWidth - 250} y={middle + 5}>
            sends nothing
          </text>
        )}
      </svg>
    </section>
  );
}

const short = (text, length) => ([...text].length > length ? `${[...text].slice(0, length - 1).join('')}…` : text);

function Side({ side, at, middle, scale }) {
  let inner = middle - (side.rate * scale) / 2;
  const isLeft = side.way === 'down';
  const [outerX, innerX, textX] = isLeft ? [260, 440, 250] : [740, 560, 750];
  return side.list.map((one, index) => {
    const outer = at.places[index] + middle - at.height / 2;
    const end = inner + (one.rate * scale) / 2;
    inner += one.rate * scale;
    const bend = (outerX + innerX) / 2;
    return (
      <g key={one.key} class={side.way}>
        <title>{`${one.name}: ${humanRate(one.rate)}`}</title>
        <path
          d={`M${outerX} ${outer}C${bend} ${outer} ${bend} ${end} ${innerX} ${end}`}
          stroke-width={Math.max(1.5, one.rate * scale)}
        />
        <text x={textX} y={outer + 4} text-anchor={isLeft ? 'end' : 'start'}>
          <tspan class="who">{short(one.name, 18)}</tspan>
          <tspan class="rate" dx="8">
            {humanRate(one.rate)}
          </tspan>
        </text>
      </g>
    );
  });
}

const spreadSort = signal({ by: 'leechers', down: true });

function TrackerFlow() {
  const columns = [
    {
      key: 'name',
      title: 'Share',
      grow: 2,
      sort: (row) => row.sortName,
      cell: (row) => (
        <a href={`#/share/${row.id}`} tabIndex={-1}>
          <Name text={row.name} />
        </a>
      ),
    },
    {
      key: 'seeders',
      title: 'Have all',
      number: true,
      width: 6,
      sort: (row) => row.seeders,
      cell: (row) => row.seeders,
    },
    {
      key: 'leechers',
      title: 'Fetch it',
      number: true,
      width: 6,
      sort: (row) => row.leechers,
      cell: (row) => row.leechers,
    },
    { key: 'crowd', title: 'Have all and fetch', grow: 2, from: 560, cell: (row) => <Crowd row={row} /> },
    {
      key: 'copies',
      title: 'Copies',
      width: 7.5,
      sort: (row) => row.availability,
      cell: (row) => <Copies row={row} />,
    },
  ];
  const fetched = new Map([...shares.all()].filter(([, row]) => row.leechers > 0));
  const rows = ordered(fetched, columns, spreadSort.value, '');
  return (
    <section class="panel" aria-labelledby="spread">
      <header class="panel-head">
        <h2 id="spread">
          Shares on their way <span class="count">{rows.length}</span>
        </h2>
      </header>
      <p class="note">
        A tracker does not see who sends to whom: peers do that among themselves. It knows how many have a share, and
        how many fetch it. The page of a peer shows its flows.
      </p>
      <VirtualList
        label="Shares on their way"
        rows={rows}
        columns={columns}
        keyOf={(row) => row.id}
        sort={spreadSort}
        onOpen={openShare}
        empty="Nothing is fetched at the moment."
      />
    </section>
  );
}

const Crowd = ({ row }) => (
  <span class="crowd" role="img" aria-label={`${row.seeders} have all, ${row.leechers} fetch`}>
    <span class="have" style={{ flexGrow: row.seeders }} />
    <span class="fetch" style={{ flexGrow: row.leechers }} />
  </span>
);
