// Makes the page: one HTML file with its script and style inside, packed, as bytes of a C++ source.
//
//   node build.mjs MODULES OUT.cpp [HTML_DIR]
//
// MODULES holds node_modules, and is outside of the source tree. OUT.cpp defines what page/page_asset.hpp declares.
// With HTML_DIR the unpacked pages are written there, too. tools/cmake/build_page.cmake calls this.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/// A page that comes over a slow link within a second.
const packedBytesMax = 60 * 1000;
/// Whose code is in the page, and whose licence has to go with it.
const inside = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];

const [modulesFolder, out, htmlFolder] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const modules = join(resolve(modulesFolder), 'node_modules');
/// What build_page.cmake takes for a machine on which esbuild does not work.
const exitWithoutEsbuild = 3;
let esbuild;
try {
  esbuild = createRequire(join(resolve(modulesFolder), 'package.json'))('esbuild');
  await esbuild.transform('');
} catch (error) {
  console.error(error.message);
  process.exit(exitWithoutEsbuild);
}

const built = await esbuild.build({
  entryPoints: [join(here, 'src/main.jsx'), join(here, 'src/style.css')],
  outdir: '.',
  write: false,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome111', 'firefox113', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  nodePaths: [modules],
  charset: 'utf8',
  legalComments: 'none',
});
const textOf = (ending) => built.outputFiles.find((file) => file.path.endsWith(ending)).text.trim();
const script = textOf('.js').replaceAll('</script', '<\\/script');
const style = textOf('.css');
const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const licences = inside.map((name) => `${name}\n${readFileSync(join(modules, name, 'LICENSE'), 'utf8')}`).join('\n');
const shell = readFileSync(join(here, 'src/page.html'), 'utf8');
const pageOf = (place) =>
  shell
    .replace('PLACE', place)
    .replace('/*STYLE*/', () => style)
    .replace('/*SCRIPT*/', () => script)
    .replace('LICENCES', () => licences.replaceAll('--', '- -'));

const bytesOf = (data) => {
  const rows = [];
  for (let at = 0; at < data.length; at += 24) rows.push(`    ${[...data.subarray(at, at + 24)].join(',')},`);
  return rows.join('\n');
};

let source =
  '// Written by engine/gateway/ui/build.mjs.\n#include "page/page_asset.hpp"\n\nnamespace shoal {\n\nnamespace {\n';
const rows = [];
for (const place of ['peer', 'tracker']) {
  const html = pageOf(place);
  if (htmlFolder) writeFileSync(join(htmlFolder, `${place}.html`), html);
  const packed = gzipSync(html, { level: 9, memLevel: 9 });
  if (packed.length > packedBytesMax)
    throw new Error(`the page has ${packed.length} bytes, ${packedBytesMax} are allowed`);
  const tag = createHash('sha256').update(html).digest('hex').slice(0, 32);
  source += `\nconstexpr unsigned char ${place}_bytes[] = {\n${bytesOf(packed)}\n};\n`;
  rows.push(`    {${place}_bytes, sizeof(${place}_bytes), ${Buffer.byteLength(html)}, "${tag}"},`);
  console.log(`the page of a ${place}: ${packed.length} bytes packed, ${html.length} unpacked`);
}
source += `\n}  // namespace

extern const built_page built_pages[2] = {
${rows.join('\n')}
};
extern const char* const built_page_policy = R"policy(${policy})policy";
extern const char* const built_page_missing = "";

}  // namespace shoal
`;
writeFileSync(out, source);
