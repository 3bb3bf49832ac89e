// The files of a share as rows of a tree. A folder is fetched when it is opened, and read while it comes.
//
// A listing has one entry a line, so a folder of 100,000 files is read line by line. After some milliseconds it makes
// room for the browser to draw and to hear keys.
import { signal } from '@preact/signals';
import { failureOf, headersOf, nextTurn, turnMilliseconds } from './api.js';

/// Between two views of a folder that is still read.
const showInterval = 300;

const pathPart = (name) => encodeURIComponent(name);

export class FileTree {
  /// The rows in sight of the tree: { name, type, size, target, path, level, open, parent }.
  rows = signal([]);
  state = signal({ busy: false, failure: '', count: 0 });
  ended = new AbortController();

  /// `share`: { id, name, bytes }.
  constructor(share) {
    this.id = share.id;
    this.share = share;
  }
  end() {
    this.ended.abort();
  }
  url(row) {
    return `/s/${this.id}/${row.path}`;
  }

  /// The root for undefined.
  async open(folder) {
    if (folder?.open || folder?.busy) return;
    const mine = { path: folder ? `${folder.path}/` : '', level: folder ? folder.level + 1 : 1 };
    if (folder) folder.busy = true;
    this.state.value = { busy: true, failure: '', count: 0 };
    try {
      const found = folder?.kept || (await this.read(mine, folder));
      if (folder) {
        folder.kept = found;
        folder.open = true;
        const before = this.rows.value;
        const at = before.indexOf(folder) + 1;
        if (at > 0) this.rows.value = before.slice(0, at).concat(found, before.slice(at));
      } else {
        this.rows.value = found;
      }
      this.state.value = { busy: false, failure: '', count: found.length };
    } catch (error) {
      if (!this.ended.signal.aborted)
        this.state.value = { busy: false, failure: error.words || String(error.message), count: 0 };
    } finally {
      if (folder) folder.busy = false;
    }
  }

  close(folder) {
    if (!folder.open) return;
    folder.open = false;
    const rows = this.rows.value;
    const at = rows.indexOf(folder);
    let end = at + 1;
    while (end < rows.length && rows[end].level > folder.level) ++end;
    // Opened again, it is as it was left.
    folder.kept = rows.slice(at + 1, end);
    this.rows.value = rows.slice(0, at + 1).concat(rows.slice(end));
  }

  async read(mine, parent) {
    const answer = await fetch(`/s/${this.id}/${mine.path}`, {
      headers: headersOf({ Accept: 'application/json' }),
      signal: this.ended.signal,
      redirect: 'manual',
    });
    // The root of a share of one file leads to that file.
    if (answer.type === 'opaqueredirect') return [this.onlyFile()];
    if (!answer.ok) throw await failureOf(answer);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const found = [];
    let rest = '';
    let shown = performance.now();
    let turn = performance.now();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith('{"name":')) found.push(this.rowOf(line, mine, parent));
        if (performance.now() - turn > turnMilliseconds) {
          await nextTurn();
          turn = performance.now();
        }
      }
      if (performance.now() - shown > showInterval) {
        this.state.value = { busy: true, failure: '', count: found.length };
        if (!parent) this.rows.value = found.slice();
        shown = performance.now();
      }
    }
    return found;
  }

  onlyFile() {
    const { name, bytes } = this.share;
    return { name, type: 'file', size: bytes, path: pathPart(name), level: 1 };
  }

  rowOf(line, mine, parent) {
    const row = JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line);
    row.path = mine.path + pathPart(row.name);
    row.level = mine.level;
    row.parent = parent;
    if (row.type === 'folder') row.open = false;
    return row;
  }
}
