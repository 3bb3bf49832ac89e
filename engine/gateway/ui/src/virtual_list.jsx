// A table of any number of rows, of which only those in sight are in the document.
//
// It is a grid: arrow keys, Page Up and Down, Home and End move through the rows, Enter opens one. Rows have one height.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/// Rows beside those in sight, so that scrolling shows no gap.
const spare = 8;

/// `columns`: { key, title, cell(row), number, sort, width, grow, from }. `width` is in rem; one with `from` is left out of
/// a list that is narrower than so many pixels.
/// `sort`: a signal { by, down }. `onOpen(row)`: Enter, or a click on it. `onKey(event, row, index)`: true if it is used.
export function VirtualList({
  label,
  rows,
  columns,
  keyOf,
  height = 40,
  sort,
  onOpen,
  onKey,
  level,
  empty,
  kind = 'grid',
}) {
  const box = useRef(null);
  const [first, setFirst] = useState(0);
  const [inSight, setInSight] = useState(20);
  const [active, setActive] = useState(0);
  const wantsFocus = useRef(false);
  const [width, setWidth] = useState(innerWidth);
  const shown = columns.filter((column) => !(column.from > width));
  const at = Math.max(0, Math.min(active, rows.length - 1));

  useLayoutEffect(() => {
    const node = box.current;
    const measure = () => {
      setInSight(Math.ceil(node.clientHeight / height) || 1);
      setWidth(node.clientWidth);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    measure();
    return () => observer.disconnect();
  }, [height]);

  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const row = box.current.querySelector(`[data-index="${at}"]`);
    if (row) {
      wantsFocus.current = false;
      row.focus({ preventScroll: true });
    }
  });

  const onScroll = () => setFirst(Math.floor(box.current.scrollTop / height));
  const go = (to) => {
    const target = Math.max(0, Math.min(to, rows.length - 1));
    const top = target * height;
    const view = box.current;
    if (top < view.scrollTop) view.scrollTop = top;
    if (top + height > view.scrollTop + view.clientHeight) view.scrollTop = top + height - view.clientHeight;
    wantsFocus.current = true;
    setActive(target);
    setFirst(Math.floor(view.scrollTop / height));
  };
  const onKeyDown = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !event.target.dataset?.index) return;
    const row = rows[at];
    const steps = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: inSight - 1,
      PageUp: 1 - inSight,
      Home: -rows.length,
      End: rows.length,
    };
    if (row && onKey?.(event, row, at, go)) event.preventDefault();
    else if (steps[event.key]) {
      event.preventDefault();
      go(at + steps[event.key]);
    } else if (event.key === 'Enter' && row && onOpen) {
      event.preventDefault();
      onOpen(row);
    }
  };

  const begin = Math.max(0, Math.min(first, rows.length - inSight) - spare);
  const end = Math.min(rows.length, first + inSight + spare);
  // The row that has the keyboard stays, wherever one scrolls.
  const indexes = [];
  for (let index = begin; index < end; ++index) indexes.push(index);
  if (rows.length && (at < begin || at >= end)) indexes.push(at);
  const template = shown
    .map((column) => (column.grow ? `minmax(0, ${column.grow}fr)` : `${column.width || 6}rem`))
    .join(' ');

  return (
    <>
      <div class="list" role={kind} aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={shown.length}>
        <div role="rowgroup">
          <div class="row head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
            {shown.map((column) => (
              <Heading key={column.key} column={column} sort={sort} />
            ))}
          </div>
        </div>
        <div
          class="rows"
          role={rows.length ? 'rowgroup' : 'presentation'}
          ref={box}
          onScroll={onScroll}
          onKeyDown={onKeyDown}
          tabIndex={rows.length ? -1 : undefined}
        >
          <div class="extent" role="presentation" style={{ height: `${rows.length * height}px` }}>
            {indexes.map((index) => {
              const row = rows[index];
              return (
                <div
                  class={`row${onOpen ? ' opens' : ''}`}
                  role="row"
                  key={keyOf(row)}
                  data-index={index}
                  aria-rowindex={index + 2}
                  aria-level={level ? level(row) : undefined}
                  aria-expanded={row.open === undefined || kind !== 'treegrid' ? undefined : row.open}
                  tabIndex={index === at ? 0 : -1}
                  onFocus={() => setActive(index)}
                  onClick={onOpen && ((event) => event.target.closest('a,button') || onOpen(row))}
                  style={{
                    height: `${height}px`,
                    transform: `translateY(${index * height}px)`,
                    gridTemplateColumns: template,
                  }}
                >
                  {shown.map((column) => (
                    <div key={column.key} role="gridcell" class={column.number ? 'cell number' : 'cell'}>
                      {column.cell(row)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {!rows.length && <p class="empty">{empty}</p>}
    </>
  );
}

function Heading({ column, sort }) {
  const by = sort?.value.by === column.key;
  const state = !column.sort || !sort ? undefined : by ? (sort.value.down ? 'descending' : 'ascending') : 'none';
  return (
    <div role="columnheader" class={column.number ? 'cell number' : 'cell'} aria-sort={state}>
      {state ? (
        <button
          type="button"
          class="sort"
          onClick={() => (sort.value = { by: column.key, down: by ? !sort.value.down : !!column.number })}
        >
          {column.title}
          <span aria-hidden="true">{by ? (sort.value.down ? ' ↓' : ' ↑') : ''}</span>
        </button>
      ) : (
        column.title
      )}
    </div>
  );
}

/// Rows of a table in the order of `sort`, those whose name has `filter` in it.
export function ordered(rows, columns, sort, filter) {
  const wanted = filter.trim().toLowerCase();
  const list = [];
  for (const row of rows.values())
    if (!wanted || row.sortName.includes(wanted) || row.id?.startsWith(wanted)) list.push(row);
  const value = columns.find((column) => column.key === sort.by)?.sort || ((row) => row.sortName);
  const way = sort.down ? -1 : 1;
  list.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x < y ? -way : x > y ? way : a.sortName < b.sortName ? -1 : a.sortName > b.sortName ? 1 : 0;
  });
  return list;
}
