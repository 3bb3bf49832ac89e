// One share: what it is, how to get it, its files, who holds it, and who has which pieces.
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { call, token } from './api.js';
import { ShareButtons } from './actions.jsx';
import { Files } from './files_view.jsx';
import { Bar, Copies, Copy, Name } from './parts.jsx';
import { PiecesMap, usePieces } from './pieces.jsx';
import { followFlows, followReasons } from './peer_source.js';
import { wordsOf } from './reasons.js';
import { downloads, flows, link, peers, place, reasons, shares } from './store.js';
import { State } from './swarm_view.jsx';
import { watchHolders } from './tracker_source.js';
import { VirtualList, ordered } from './virtual_list.jsx';
import { humanBytes, humanCount, humanDate, humanDuration, humanFraction, humanPercent, humanRate } from './units.js';

/// As content/link_text encodes a link.
const magnetPart = (text) =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)
    .replace(/%(3A|5B|5D)/g, decodeURIComponent)
    .replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase());
const bareMagnet = (row) => `magnet:?xt=urn:btmh:1220${row.id}&dn=${magnetPart(row.name)}`;
/// A word of a POSIX shell.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function ShareView({ id }) {
  const row = shares.get(id);
  const download = downloads.get(id);
  if (!row && !download) {
    return (
      <section class="panel lone">
        <h1 tabIndex={-1}>Share</h1>
        <p class="empty">{link.value.state === 'live' ? 'Nobody shares this any more.' : 'It is looked for.'}</p>
        <p>
          <a href="#/swarm">Back to the swarm</a>
        </p>
      </section>
    );
  }
  return (
    <Share
      key={id}
      id={id}
      row={row || { ...download, seeders: 0, leechers: 0, availability: 0, published: 0, local: 'downloading' }}
      download={download}
    />
  );
}

function Share({ id, row, download }) {
  useEffect(() => (place === 'peer' ? followReasons() : undefined), []);
  useEffect(() => (place === 'peer' ? followFlows() : undefined), []);
  // With metadata only is known what files there are.
  const isHere = row.local && download?.phase !== 'metadata';
  return (
    <>
      <header class="share-head">
        <p>
          <a href="#/swarm">Swarm</a> <span aria-hidden="true">/</span>
        </p>
        <h1 tabIndex={-1}>
          <Name text={row.name} />
        </h1>
        <State row={row} />
      </header>
      <div class="share-columns">
        <section class="panel facts" aria-label="About this share">
          <dl>
            <div>
              <dt>Size</dt>
              <dd>{humanBytes(row.bytes)}</dd>
            </div>
            <div>
              <dt>Files</dt>
              <dd>{(row.files || 0).toLocaleString('en')}</dd>
            </div>
            <div>
              <dt>Holders</dt>
              <dd>
                {humanCount(row.seeders, 'seeder')}
                {row.leechers ? `, ${humanCount(row.leechers, 'leecher')}` : ''}
              </dd>
            </div>
            <div>
              <dt>Copies</dt>
              <dd>
                <Copies row={row} />
              </dd>
            </div>
            {row.published > 0 && (
              <div>
                <dt>Published</dt>
                <dd>{humanDate(row.published)}</dd>
              </div>
            )}
            {row.signature && row.signature !== 'unsigned' && (
              <div>
                <dt>Signature</dt>
                <dd class={row.signature === 'wrong' ? 'bad' : ''}>
                  {row.signature}
                  {row.signer_name ? `, by ${row.signer_name}` : ''}
                </dd>
              </div>
            )}
          </dl>
          {download && download.phase !== 'complete' && <Progress row={download} />}
          {place === 'peer' && <ShareButtons row={row} download={download} />}
        </section>
        <GetIt row={row} isHere={isHere} />
      </div>
      {place === 'peer' ? <PeerHolders id={id} row={row} isHere={isHere} /> : <TrackerHolders id={id} row={row} />}
      {place === 'peer' && isHere && <Files id={id} name={row.name} bytes={row.bytes} />}
      {place === 'peer' && !isHere && (
        <section class="panel">
          <h2>Files</h2>
          <p class="empty">This peer does not hold the share. Download it to see its files.</p>
        </section>
      )}
    </>
  );
}

function Progress({ row }) {
  const words = wordsOf(row, reasons.get(row.id));
  return (
    <div class="progress">
      <Bar part={row.done} whole={row.bytes} label={`Progress of ${row.name}`} state={row.phase} />
      <p class="card-line">
        <span>
          {humanFraction(row.done, row.bytes)} · {humanPercent(row.done, row.bytes)}
        </span>
        <span>
          {row.phase === 'downloading'
            ? `${humanRate(row.rate)}${row.eta >= 0 ? `, ${humanDuration(row.eta)} left` : ''}`
            : row.phase === 'cancelled'
              ? 'paused'
              : row.phase}
        </span>
      </p>
      {words && <p class="why">{words}</p>}
    </div>
  );
}

function GetIt({ row, isHere }) {
  const [magnet, setMagnet] = useState('');
  const secret = token.value;
  useEffect(() => {
    // The link of the API also says where peers are.
    setMagnet('');
    if (!secret || !isHere || place !== 'peer') return;
    call('GET', `/v1/shares/${row.id}/torrent`).then(
      (answer) => setMagnet(answer.magnet),
      () => {},
    );
  }, [row.id, secret, isHere]);
  const at = `${location.origin}/s/${row.id}/`;
  const single = row.files === 1;
  return (
    <section class="panel" aria-labelledby="get">
      <header class="panel-head">
        <h2 id="get">Get it</h2>
      </header>
      <Copy label="node" text={`node download ${row.id}`} />
      <Copy label="magnet" text={magnet || bareMagnet(row)} />
      {place === 'peer' && isHere && (
        <Copy
          label="curl"
          text={
            single
              ? `curl -LO ${quoted(at + encodeURIComponent(row.name))}`
              : `curl -L ${quoted(`${at}?format=tar`)} | tar x`
          }
        />
      )}
      <Copy label="id" text={row.id} />
    </section>
  );
}

// Holders.

const holderSort = signal({ by: 'have', down: true });

function PeerHolders({ id, row, isHere }) {
  const pieces = usePieces(isHere ? id : '', row.local === 'downloading' || row.leechers ? 2000 : 8000);
  const download = downloads.get(id);
  const rates = flows.all();
  let rows = [];
  let total = 1;
  if (pieces) {
    total = pieces.pieces;
    rows = pieces.holders;
  } else if (download) {
    rows = download.sources
      .filter((one) => one.peer)
      .map((one) => ({ ...one, name: peers.rows.get(one.peer)?.name || one.address, have: -1 }));
  }
  const known = rows.map((one) => {
    const flow = rates.get(`${one.peer} ${id}`);
    const name = one.name || peers.rows.get(one.peer)?.name || one.address;
    return {
      ...one,
      name,
      sortName: name.toLowerCase(),
      down: flow ? flow.down : one.rate || 0,
      up: flow ? flow.up : 0,
    };
  });
  const rate = (value) => (value >= 1 ? humanRate(value) : <span class="quiet">–</span>);
  const columns = [
    {
      key: 'name',
      title: 'Name',
      grow: 1.5,
      sort: (one) => one.sortName,
      cell: (one) => (
        <span class="peer-name">
          <Name text={one.name} title={one.peer} />
          {one.self && <span class="badge self">this peer</span>}
        </span>
      ),
    },
    { key: 'address', title: 'Address', grow: 2, from: 620, cell: (one) => <span class="mono">{one.address}</span> },
    { key: 'client', title: 'Client', width: 9, from: 760, cell: (one) => <Name text={one.client} /> },
    {
      key: 'have',
      title: 'Has',
      width: 7.5,
      sort: (one) => one.have,
      cell: (one) => (one.have < 0 ? '' : <Held part={one.have} whole={total} />),
    },
    { key: 'down', title: 'To us', number: true, width: 6.5, sort: (one) => one.down, cell: (one) => rate(one.down) },
    { key: 'up', title: 'From us', number: true, width: 6.5, sort: (one) => one.up, cell: (one) => rate(one.up) },
  ];
  return (
    <>
      {pieces && pieces.pieces > 0 && (
        <section class="panel" aria-labelledby="pieces">
          <header class="panel-head">
            <h2 id="pieces">Pieces</h2>
          </header>
          <PiecesMap pieces={pieces} />
        </section>
      )}
      <HoldersPanel
        title="Holders this peer is connected to"
        rows={known}
        columns={columns}
        empty={
          isHere
            ? 'No other holder is connected at the moment.'
            : 'This peer does not hold the share, so it knows no pieces of others.'
        }
      />
    </>
  );
}

function HoldersPanel({ title, rows, columns, empty }) {
  const keyOf = (one) => one.peer || one.address;
  const list = ordered(new Map(rows.map((one) => [keyOf(one), one])), columns, holderSort.value, '');
  return (
    <section class="panel" aria-labelledby="holders">
      <header class="panel-head">
        <h2 id="holders">
          {title} <span class="count">{list.length}</span>
        </h2>
      </header>
      <VirtualList label="Holders" rows={list} columns={columns} keyOf={keyOf} sort={holderSort} empty={empty} />
    </section>
  );
}

const Held = ({ part, whole }) => (
  <span class="copies">
    <span class="strip" aria-hidden="true">
      <span style={{ width: `${(part / Math.max(1, whole)) * 100}%` }} />
    </span>
    <span class="figures">{humanPercent(part, whole)}</span>
  </span>
);

/// Of more holders a tracker tells each watcher of some (directory/share_crowd).
const holdersTold = 200;

function TrackerHolders({ id, row }) {
  const [holders, set] = useState(new Map());
  useEffect(() => watchHolders(id, set), [id]);
  const known = peers.all();
  const rows = [...holders.values()].map((one) => {
    const name = known.get(one.peer)?.name || one.address;
    return { ...one, name, sortName: name.toLowerCase() };
  });
  const columns = [
    {
      key: 'name',
      title: 'Name',
      grow: 2,
      sort: (one) => one.sortName,
      cell: (one) => <Name text={one.name} title={one.peer} />,
    },
    {
      key: 'address',
      title: 'Address',
      grow: 2,
      sort: (one) => one.address,
      cell: (one) => (
        <span class="mono">
          {one.address}:{one.port}
        </span>
      ),
    },
    {
      key: 'have',
      title: 'Has',
      width: 8,
      sort: (one) => +!!one.seeder,
      cell: (one) => (one.seeder ? 'all of it' : 'a part'),
    },
  ];
  const some = row.seeders + row.leechers > holdersTold ? 'Some of the holders' : 'Holders';
  return (
    <HoldersPanel title={`${some} that can be connected to`} rows={rows} columns={columns} empty="No holder is known." />
  );
}
