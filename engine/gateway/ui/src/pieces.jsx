// Who has which pieces of a share, as pictures: a strip for one peer, a map for all holders.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { call, poll } from './api.js';
import { link } from './store.js';
import { humanCount, humanPercent } from './units.js';

/// Rows of a map: more cannot be told apart.
const mapRowsMax = 200;
const rowHeight = 10;
const rowGap = 2;

const bitsIn = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest; rest &= rest - 1) ++bits;
  return bits;
});

const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
const has = (map, piece) => (map[piece >> 3] >> (7 - (piece & 7))) & 1;

/// Pieces from `begin` on and before `end` that `map` has. The first piece is the highest bit (BEP 3).
function countIn(map, begin, end) {
  let count = 0;
  while (begin < end && begin & 7) count += has(map, begin++);
  while (begin + 8 <= end) {
    count += bitsIn[map[begin >> 3]];
    begin += 8;
  }
  while (begin < end) count += has(map, begin++);
  return count;
}

const countAll = (map, pieces) => countIn(map, 0, pieces);

function decoded(answer) {
  const map = bytesOf(answer.map);
  const holders = answer.holders.map((row) => {
    const own = bytesOf(row.map);
    return { ...row, map: own, have: countAll(own, answer.pieces), sortName: row.name.toLowerCase() };
  });
  holders.sort((a, b) => b.self - a.self || b.have - a.have || (a.sortName < b.sortName ? -1 : 1));
  return { ...answer, map, have: countAll(map, answer.pieces), holders };
}

/// The pieces of a share that is here, asked for again each `interval` ms. null: not known. Of "" nothing is asked.
export function usePieces(id, interval) {
  const [pieces, set] = useState(null);
  useEffect(() => {
    set(null);
    if (!id) return undefined;
    let left = false;
    const stop = poll(async () => {
      if (link.value.state !== 'live') return;
      try {
        const answer = decoded(await call('GET', `/v1/shares/${id}/pieces`));
        if (!left) set(answer);
      } catch {
        if (!left) set(null);
      }
    }, interval);
    return () => {
      left = true;
      stop();
    };
  }, [id, interval]);
  return pieces;
}

function colors() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
}

/// Draws into a canvas that is as wide as its place, again when that or the colours change.
function useDrawing(canvas, height, draw, data) {
  useLayoutEffect(() => {
    const node = canvas.current;
    const paint = () => {
      const width = node.clientWidth;
      if (!width) return;
      const scale = devicePixelRatio || 1;
      node.width = Math.round(width * scale);
      node.height = Math.round(height * scale);
      const to = node.getContext('2d');
      to.scale(scale, scale);
      draw(to, width, colors());
    };
    paint();
    const resized = new ResizeObserver(paint);
    resized.observe(node);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', paint);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', paint);
    };
  }, [data, height]);
}

/// One row: a cell for each piece, or for several where there is no room.
function drawRow(to, map, pieces, width, top, height, full, none) {
  to.fillStyle = none;
  to.fillRect(0, top, width, height);
  const cells = Math.min(pieces, Math.floor(width));
  to.fillStyle = full;
  for (let cell = 0; cell < cells; ++cell) {
    const begin = Math.floor((cell * pieces) / cells);
    const end = Math.max(begin + 1, Math.floor(((cell + 1) * pieces) / cells));
    const share = countIn(map, begin, end) / (end - begin);
    if (!share) continue;
    to.globalAlpha = 0.25 + 0.75 * share;
    const left = Math.floor((cell * width) / cells);
    const right = Math.floor(((cell + 1) * width) / cells);
    // Few pieces are told apart by a gap.
    to.fillRect(left, top, Math.max(1, right - left - (cells * 6 < width ? 1 : 0)), height);
  }
  to.globalAlpha = 1;
}

/// What anybody has, as one map.
function union(pieces) {
  const all = new Uint8Array(pieces.map);
  for (const holder of pieces.holders) for (let i = 0; i < all.length; ++i) all[i] |= holder.map[i];
  return all;
}

/// This peer's pieces, before the pieces that others have.
export function PieceStrip({ id }) {
  const pieces = usePieces(id, 3000);
  return pieces ? <Strip pieces={pieces} /> : null;
}

function Strip({ pieces }) {
  const canvas = useRef(null);
  useDrawing(
    canvas,
    8,
    (to, width, color) => {
      drawRow(to, union(pieces), pieces.pieces, width, 0, 8, color('--elsewhere'), color('--nobody'));
      const cells = Math.min(pieces.pieces, Math.floor(width));
      to.fillStyle = color('--down');
      for (let cell = 0; cell < cells; ++cell) {
        const begin = Math.floor((cell * pieces.pieces) / cells);
        const end = Math.max(begin + 1, Math.floor(((cell + 1) * pieces.pieces) / cells));
        if (countIn(pieces.map, begin, end) < end - begin) continue;
        const left = Math.floor((cell * width) / cells);
        to.fillRect(left, 0, Math.max(1, Math.floor(((cell + 1) * width) / cells) - left), 8);
      }
    },
    pieces,
  );
  const nobody = pieces.pieces - countAll(union(pieces), pieces.pieces);
  return (
    <canvas
      class="piece-strip"
      ref={canvas}
      role="img"
      style={{ height: '8px' }}
      aria-label={`${pieces.have} of ${humanCount(pieces.pieces, 'piece')} are here${nobody ? `, ${nobody} nobody has` : ''}`}
    />
  );
}

/// A row for each holder; the first one counts how many have a piece.
export function PiecesMap({ pieces }) {
  const canvas = useRef(null);
  const rows = pieces.holders.slice(0, mapRowsMax);
  const top = 22;
  const height = top + rows.length * (rowHeight + rowGap);
  useDrawing(
    canvas,
    height,
    (to, width, color) => {
      drawCounts(to, pieces, width, 14, color);
      rows.forEach((row, index) => {
        const at = top + index * (rowHeight + rowGap);
        drawRow(
          to,
          row.map,
          pieces.pieces,
          width,
          at,
          rowHeight,
          color(row.self ? '--down' : '--elsewhere-row'),
          color('--track'),
        );
      });
    },
    pieces,
  );
  const nobody = pieces.pieces - countAll(union(pieces), pieces.pieces);
  const cut = pieces.holders.length - rows.length;
  return (
    <figure class="pieces-map">
      <div class="pieces-body">
        <div class="pieces-names" aria-hidden="true">
          <span class="all">all together</span>
          {rows.map((row) => (
            <bdi key={row.peer} class={row.self ? 'self' : ''}>
              {row.self ? 'this peer' : row.name || row.address}
            </bdi>
          ))}
        </div>
        <canvas
          ref={canvas}
          role="img"
          style={{ height: `${height}px` }}
          aria-label={`Map of ${humanCount(pieces.pieces, 'piece')} and ${humanCount(pieces.holders.length, 'holder')}. The table of holders has the numbers.`}
        />
      </div>
      <figcaption>
        {humanCount(pieces.pieces, 'piece')}, {humanPercent(pieces.have, pieces.pieces)} here.{' '}
        {nobody ? <strong class="bad">{humanCount(nobody, 'piece')} nobody has.</strong> : 'Somebody has each of them.'}
        {cut > 0 && ` ${humanCount(cut, 'further holder')} are not drawn.`}
      </figcaption>
    </figure>
  );
}

function drawCounts(to, pieces, width, height, color) {
  const cells = Math.min(pieces.pieces, Math.floor(width));
  const holders = Math.max(1, pieces.holders.length);
  for (let cell = 0; cell < cells; ++cell) {
    const begin = Math.floor((cell * pieces.pieces) / cells);
    const end = Math.max(begin + 1, Math.floor(((cell + 1) * pieces.pieces) / cells));
    let sum = 0;
    for (const holder of pieces.holders) sum += countIn(holder.map, begin, end);
    const share = sum / (end - begin) / holders;
    const left = Math.floor((cell * width) / cells);
    const right = Math.floor(((cell + 1) * width) / cells);
    to.fillStyle = share > 0 ? color('--elsewhere-row') : color('--nobody');
    const tall = share > 0 ? Math.max(2, height * share) : height;
    to.fillRect(left, height - tall, Math.max(1, right - left), tall);
  }
}
