// The files of a share as a tree that is walked with the keyboard.
import { useEffect, useState } from 'preact/hooks';
import { FileTree } from './file_tree.js';
import { Name } from './parts.jsx';
import { humanBytes } from './units.js';
import { VirtualList } from './virtual_list.jsx';

const fileKinds = { folder: 'folder', symlink: 'link' };

export function Files({ id, name, bytes }) {
  const [tree, setTree] = useState(null);
  useEffect(() => {
    const made = new FileTree({ id, name, bytes });
    setTree(made);
    made.open();
    return () => made.end();
  }, [id]);
  if (!tree) return null;
  const rows = tree.rows.value;
  const state = tree.state.value;
  const turn = (row) => {
    if (row.type !== 'folder') return;
    if (row.open) tree.close(row);
    else tree.open(row);
  };
  const onKey = (event, row, index, go) => {
    if (event.key === 'ArrowRight' && row.type === 'folder') {
      if (row.open) go(index + 1);
      else tree.open(row);
      return true;
    }
    if (event.key === 'ArrowLeft') {
      if (row.open) tree.close(row);
      else if (row.parent) go(rows.indexOf(row.parent));
      return true;
    }
    return false;
  };
  const onOpen = (row) =>
    row.type === 'folder' ? turn(row) : row.type === 'file' && (location.href = `${tree.url(row)}?download`);
  const columns = [
    {
      key: 'name',
      title: 'Name',
      grow: 4,
      cell: (row) => (
        <span class="file" style={{ paddingInlineStart: `${(row.level - 1) * 1.25}rem` }}>
          <span class={`twist ${row.type === 'folder' ? (row.open ? 'open' : 'shut') : ''}`} aria-hidden="true" />
          {row.type === 'file' ? (
            <a href={tree.url(row)} tabIndex={-1}>
              <Name text={row.name} />
            </a>
          ) : (
            <Name text={row.name} />
          )}
          {row.type === 'symlink' && (
            <span class="quiet">
              {' '}
              → <bdi>{row.target}</bdi>
            </span>
          )}
        </span>
      ),
    },
    {
      key: 'size',
      title: 'Size',
      number: true,
      width: 6,
      cell: (row) => (row.type === 'file' ? humanBytes(row.size) : fileKinds[row.type]),
    },
    {
      key: 'get',
      title: 'Save',
      number: true,
      width: 5,
      cell: (row) =>
        row.type === 'file' ? (
          <a href={`${tree.url(row)}?download`} download tabIndex={-1} aria-label={`Save ${row.name}`}>
            Save
          </a>
        ) : (
          ''
        ),
    },
  ];
  return (
    <section class="panel files" aria-labelledby="files">
      <header class="panel-head">
        <h2 id="files">Files</h2>
        <span role="status" class="quiet">
          {state.busy ? `reading… ${state.count ? state.count.toLocaleString('en') : ''}` : ''}
        </span>
      </header>
      {state.failure && (
        <p class="failure" role="alert">
          {state.failure}
        </p>
      )}
      <VirtualList
        kind="treegrid"
        label={`Files of ${name}`}
        rows={rows}
        columns={columns}
        keyOf={(row) => row.path}
        height={34}
        level={(row) => row.level}
        onOpen={onOpen}
        onKey={onKey}
        empty={state.busy ? 'The list of files is coming.' : 'There are no files.'}
      />
    </section>
  );
}
