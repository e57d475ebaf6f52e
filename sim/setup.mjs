// Installs and builds what is missing or out of date, so that each command of the README works on a fresh checkout.
// Plain JavaScript without dependencies, because it runs before anything is installed.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `kube-headroom needs Node.js 20.19 or newer; this is ${process.version}. Install a newer one from https://nodejs.org.`,
  );
  process.exit(2);
}

/** Runs npm with the checkout as working directory; ends this process with npm's exit code when npm fails. */
function npm(...args) {
  // On Windows npm is a .cmd file, which only a shell can start; the arguments are constants, so a shell is safe here.
  const run = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (run.error) {
    console.error(`npm could not be started (${run.error.message}); it comes with Node.js and must be on the PATH.`);
    process.exit(1);
  }
  if (run.status !== 0) process.exit(run.status ?? 1);
}

const modifiedMs = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

// npm writes this hidden lock file at the end of every install: older than the real one means an old install.
const installedMs = modifiedMs(join(root, 'node_modules', '.package-lock.json'));
if (installedMs < modifiedMs(join(root, 'package-lock.json')) || installedMs < modifiedMs(join(root, 'package.json'))) {
  console.error('kube-headroom: installing the packages of package-lock.json');
  npm('ci', '--no-audit', '--no-fund');
}
// Incremental: costs a fraction of a second when nothing changed.
npm('run', '--silent', 'build');

// npm links the commands of dependencies and not those of the package itself; with the link `npx kube-headroom` starts at
// once. Windows has no links without privileges: there npx finds the command by the package's own "bin".
const command = join(root, 'dist', 'sim', 'cli', 'main.js');
const link = join(root, 'node_modules', '.bin', 'kube-headroom');
if (process.platform !== 'win32') {
  chmodSync(command, 0o755);
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync('../../dist/sim/cli/main.js', link);
}
