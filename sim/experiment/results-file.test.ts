import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { formatResults, prepareDirectory, writeReport, writeResults } from './results-file.js';
import type { Results } from './results.js';

// The writer does not look into the results: any object will do.
const results = { schemaVersion: 1, variants: [{ name: 'a', fingerprints: ['x', 'y'] }], objectives: [] } as unknown;

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'kube-headroom-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('formatResults', () => {
  it('writes JSON with lists of plain values on one line, in the order of the fields', () => {
    const text = formatResults(results as Results);
    expect(JSON.parse(text)).toEqual(results);
    expect(text).toBe(`{
  "schemaVersion": 1,
  "variants": [
    {
      "name": "a",
      "fingerprints": ["x", "y"]
    }
  ],
  "objectives": []
}
`);
  });

  it('refuses a number that JSON cannot hold, and says where it is', () => {
    const broken = { variants: [{ value: Number.NaN }] } as unknown as Results;
    expect(() => formatResults(broken)).toThrow('results.variants[0].value is NaN');
  });

  it('leaves out fields that are not set', () => {
    expect(formatResults({ a: undefined, b: {} } as unknown as Results)).toBe('{\n  "b": {}\n}\n');
  });
});

describe('writing', () => {
  it('leaves the two files and nothing else', async () => {
    const path = await writeResults(directory, results as Results);
    await writeReport(directory, '<html></html>');
    expect(path).toBe(join(directory, 'results.json'));
    expect(readdirSync(directory).toSorted()).toEqual(['report.html', 'results.json']);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(results);
  });

  it('removes the report of an earlier run', async () => {
    await writeReport(directory, '<html></html>');
    await writeResults(directory, results as Results);
    expect(readdirSync(directory)).toEqual(['results.json']);
  });

  it('fails with a code and leaves no half file when it cannot be done', async () => {
    const gone = join(directory, 'gone');
    await expect(writeReport(gone, '')).rejects.toMatchObject({
      code: 'KH203',
      message: expect.stringContaining('report.html') as unknown,
    });
    expect(existsSync(gone)).toBe(false);
  });
});

describe('prepareDirectory', () => {
  it('makes the directory with those above it', async () => {
    await prepareDirectory(join(directory, 'a', 'b'));
    expect(existsSync(join(directory, 'a', 'b'))).toBe(true);
  });

  it.runIf(process.platform === 'linux')('refuses a place that exists and can hold nothing, and soon', async () => {
    await expect(prepareDirectory('/proc/results/here')).rejects.toMatchObject({ exitCode: 2 });
  });

  it('refuses a place where a file is in the way', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expect(prepareDirectory(join(directory, 'file', 'out'))).rejects.toMatchObject({ exitCode: 2 });
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('refuses a directory without permission to write', async () => {
    chmodSync(directory, 0o500);
    await expect(prepareDirectory(directory)).rejects.toMatchObject({ exitCode: 2 });
  });
});
