import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, constantFrom, nat, property, string, tuple } from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type Problem, UserError } from '../errors.js';
import type { LoadOptions } from './changes.js';
import { loadExperiment, parseExperiment } from './load.js';
import { starterScenario } from './starter.js';

const directory = mkdtempSync(join(tmpdir(), 'kube-headroom-load-'));

afterAll(() => rmSync(directory, { recursive: true }));

const written = (name: string, content: string | Uint8Array): string => {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
};

const problemsOf = (load: () => unknown): readonly Problem[] => {
  try {
    load();
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
};

const problemsIn = (text: string, options?: LoadOptions): readonly Problem[] =>
  problemsOf(() => parseExperiment(text, 'a.yaml', options));

const codesIn = (text: string, options?: LoadOptions): string[] => problemsIn(text, options).map(({ code }) => code);

/** A sound scenario; `more` is added, and replaces sections that it names. */
const scenario = (more = ''): string => {
  const sections = [
    'apiVersion: kube-headroom/v1',
    'kind: Scenario',
    'metadata: { name: test }',
    'cluster: { nodes: 10 }',
    'services: [{ name: web, endpoints: 5 }]',
    'workload: [{ at: 1s, rollingUpdate: { service: web } }]',
  ];
  const isReplaced = (section: string): boolean => new RegExp(`^${section.split(':', 1)[0]!}:`, 'm').test(more);
  return [...sections.filter((section) => !isReplaced(section)), more].join('\n');
};

const baselineOf = (more = '', options?: LoadOptions) =>
  parseExperiment(scenario(more), 'a.yaml', options).variants[0]!.scenario;

describe('a sound file', () => {
  test('becomes an experiment with the baseline as its only variant', () => {
    const experiment = parseExperiment(scenario(), 'dir/a.yaml');
    expect(experiment).toMatchObject({ file: 'dir/a.yaml', name: 'test', description: '', question: null });
    expect(experiment.variants.map(({ name, set }) => ({ name, set }))).toEqual([{ name: 'baseline', set: {} }]);
  });

  test('may be JSON, with tabs, a byte order mark or CRLF line ends', () => {
    const expected = parseExperiment(scenario(), 'x').variants;
    const data = {
      apiVersion: 'kube-headroom/v1',
      kind: 'Scenario',
      metadata: { name: 'test' },
      cluster: { nodes: 10 },
      services: [{ name: 'web', endpoints: 5 }],
      workload: [{ at: '1s', rollingUpdate: { service: 'web' } }],
    };
    expect(loadExperiment(written('a.json', JSON.stringify(data, null, '\t'))).variants).toEqual(expected);
    const windows = `\ufeff${scenario().replaceAll('\n', '\r\n')}\r\n`;
    expect(loadExperiment(written('windows.yaml', windows)).variants).toEqual(expected);
  });

  test('runs the baseline first, under the name that it is given', () => {
    const text = scenario(
      'baseline: { name: EndpointSlice }\nvariants: [{ name: Endpoints, set: { kubeProxy.discovery: Endpoints } }]',
    );
    const { variants } = parseExperiment(text, 'a.yaml');
    expect(variants.map(({ name, scenario: { kubeProxy } }) => [name, kubeProxy.discovery])).toEqual([
      ['EndpointSlice', 'EndpointSlice'],
      ['Endpoints', 'Endpoints'],
    ]);
    expect(variants[1]!.set).toEqual({ 'kubeProxy.discovery': 'Endpoints' });
  });

  test('reads objectives and expectations in the unit of their metric', () => {
    const { objectives, expectations } = parseExperiment(
      scenario(
        [
          'slos:',
          '  - { metric: network_programming_duration_seconds, statistic: p99, max: 30s }',
          '  - { metric: network_programming_duration_seconds, statistic: p50, max: 1.5 }',
          '  - { metric: apiserver_network_utilization, statistic: value, max: 80% }',
          'expect:',
          '  - { id: A, metric: watch_bytes_total, statistic: value, value: 10G, tolerance: 5%, source: KEP-752 }',
        ].join('\n'),
      ),
      'a.yaml',
    );
    expect(objectives.map(({ max, maxText }) => [max, maxText])).toEqual([
      [30, '30s'],
      [1.5, '1.5s'],
      [0.8, '80%'],
    ]);
    expect(expectations).toEqual([
      {
        id: 'A',
        variant: 'baseline',
        metric: 'watch_bytes_total',
        statistic: 'value',
        value: 1e10,
        tolerance: 0.05,
        bound: null,
        source: 'KEP-752',
        inconsistent: null,
      },
    ]);
  });
});

/** A YAML list of nine aliases. */
const ofNine = (name: string): string => `[${Array.from({ length: 9 }, () => `*${name}`).join(',')}]`;

describe('a file that is no scenario', () => {
  test.each([
    ['a missing file', () => join(directory, 'nothing.yaml'), 'KH001', 'there is no such file'],
    ['a directory', () => directory, 'KH001', 'this is a directory'],
    ['a file of 2 MiB', () => written('large.yaml', '#'.repeat(2_097_152)), 'KH002', 'more than 1 MiB'],
    ['an empty file', () => written('empty.yaml', ''), 'KH003', 'the file is empty'],
    ['a file of comments', () => written('comments.yaml', '# nothing\n'), 'KH003', 'only comments'],
    ['a binary file', () => written('binary.yaml', 'a: \0'), 'KH004', 'not UTF-8 text'],
    ['a text in Latin-1', () => written('latin1.yaml', Buffer.from('a: \xe4', 'latin1')), 'KH004', 'not UTF-8 text'],
    ['a list', () => written('list.yaml', '- 1'), 'KH011', 'not a list'],
    ['a sentence', () => written('text.yaml', 'hello'), 'KH011', 'not "hello"'],
  ])('%s is refused', (_, file, code, message) => {
    const problems = problemsOf(() => loadExperiment(file()));
    expect(problems).toMatchObject([{ code, message: expect.stringContaining(message) as string }]);
    expect(problems[0]!.file).toBe(file());
  });

  test.each([
    ['an open bracket', 'a: [1\nb: 2', 'KH005', 2, 1],
    ['a tab as indentation', 'a:\n\tb: 1', 'KH005', 2, 1],
    ['an alias without anchor', 'a: *b', 'KH005', 1, 4],
    ['an alias inside its own anchor', 'a: &b [*b]', 'KH008', 1, 8],
    ['a tag', 'a: !custom 1', 'KH005', 1, 4],
    ['a key given twice', 'seed: 1\nseed: 2', 'KH006', 2, 1],
    ['a second document', 'a: 1\n---\nb: 2', 'KH007', 2, 1],
    ['too deep brackets', `a: 1\nb: ${'['.repeat(500_000)}`, 'KH008', 2, 68],
    ['too deep dashes', '- '.repeat(300_000), 'KH008', 1, 1],
    ['many aliases', `a: &a 1\nb: [${'*a,'.repeat(60)}]`, 'KH008', 2, 155],
  ])('%s is found at its place', (_, text, code, line, column) => {
    expect(problemsIn(text)).toMatchObject([{ code, line, column, file: 'a.yaml' }]);
  });

  test.skipIf(process.platform === 'win32')('an endless device is not read to its end', () => {
    expect(problemsOf(() => loadExperiment('/dev/zero'))).toMatchObject([{ code: 'KH002' }]);
  });

  test('indentation as deep as the file allows is told of, whatever the parser makes of it', () => {
    for (const depth of [100, 400, 800, 1400]) {
      const lines = Array.from({ length: depth }, (_, level) => `${' '.repeat(level)}a:`);
      expect(problemsIn(lines.join('\n')).length).toBeGreaterThan(0);
    }
  });

  test('aliases that multiply are refused before they fill the memory', () => {
    expect(codesIn(`a: &a [1]\nb: &b ${ofNine('a')}\nc: &c ${ofNine('b')}\nd: &d ${ofNine('c')}`)).toEqual(['KH008']);
  });

  test('tens of thousands of unknown fields are told of in seconds', () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => `key${index}: 1`);
    expect(codesIn(lines.join('\n')).length).toBeGreaterThan(100);
  });
});

describe('mistakes in fields', () => {
  test('all are reported at once, in the order of the file, each with line, column, advice and the line itself', () => {
    const text = [
      'apiVersion: kube-headroom/v1',
      'kind: Scenario',
      'metadata: { name: bad }',
      'sead: 3',
      'duration: 30',
      'cluster:',
      '  nodes: -5',
      'controlPlane:',
      '  controllerManager: { maxEndpointsPerSlice: 2000, kubeApiQsp: 4 }',
      'services:',
      '  - { name: web, endpoints: "5" }',
      'workload:',
      '  - { at: 2m, rollingUpdate: { service: wbe } }',
      'slos:',
      '  - { metric: watch_bytes_total, statistic: p99, max: 30s }',
    ].join('\n');
    const problems = problemsIn(text);
    expect(problems.map(({ code, line, column, suggestion }) => [code, line, column, suggestion])).toEqual([
      ['KH009', 4, 1, 'did you mean "seed"?'],
      ['KH013', 5, 11, 'write "30s" or "30ms"'],
      ['KH012', 7, 10, null],
      ['KH012', 9, 46, null],
      ['KH009', 9, 52, 'did you mean "kubeApiQps"?'],
      ['KH011', 11, 29, 'write 5 without quotes'],
      ['KH016', 13, 41, 'did you mean "web"?'],
      ['KH018', 15, 45, 'use one of: value'],
      ['KH014', 15, 55, 'write a number with an optional suffix, such as "500k", "10G" (10^9) or "10Gi" (2^30)'],
    ]);
    expect(problems[0]!.excerpt).toBe('    4 | sead: 3\n      | ^');
    expect(problems[3]!.message).toBe(
      'controlPlane.controllerManager.maxEndpointsPerSlice: must be a whole number from 1 to 1000 (the API allows no more in one EndpointSlice), not 2000',
    );
  });

  test.each([
    ['a missing section', 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: a }\nservices: []', 'KH010'],
    ['a section of the wrong type', scenario('services: { web: 5 }'), 'KH011'],
    ['a name that cannot be a directory', scenario('metadata: { name: ../../x }'), 'KH011'],
    ['a version without profile', scenario('kubernetes: "1.19"'), 'KH025'],
    ['neither nodes nor a zone', scenario('workload: [{ at: 1s, loseNodes: { for: 1m } }]'), 'KH010'],
    [
      'a probe without period',
      scenario('services: [{ name: web, endpoints: 5, readinessProbe: { periodSeconds: 0 } }]'),
      'KH012',
    ],
    ['a mode that does not exist', scenario('kubeProxy: { mode: ebpf }'), 'KH011'],
    ['a fraction of a node', scenario('cluster: { nodes: 1.5 }'), 'KH012'],
    ['too many nodes', scenario('cluster: { nodes: 200000 }'), 'KH012'],
    ['a bandwidth in words', scenario('controlPlane: { apiServer: { networkBandwidth: fast } }'), 'KH014'],
    ['a precision without percent sign', scenario('replications: { precision: 0.05 }'), 'KH015'],
    [
      'more than all pods unavailable',
      scenario('workload: [{ at: 1s, rollingUpdate: { service: web, maxUnavailable: 150% } }]'),
      'KH012',
    ],
    ['an entry without action', scenario('workload: [{ at: 1s }]'), 'KH020'],
    [
      'an entry with two actions',
      scenario('workload: [{ at: 1s, scale: { service: web, to: 1 }, createService: { service: web } }]'),
      'KH020',
    ],
    ['a metric that does not exist', scenario('slos: [{ metric: latency, statistic: p99, max: 1s }]'), 'KH018'],
    [
      'a statistic of a series',
      scenario('slos: [{ metric: watch_bytes_per_second, statistic: p99, max: 1 }]'),
      'KH018',
    ],
    [
      'an expectation of an unknown variant',
      scenario(
        'expect: [{ id: a, variant: b, metric: watch_bytes_total, statistic: value, value: 1, tolerance: 5%, source: c }]',
      ),
      'KH016',
    ],
    ['a reserved name of JavaScript', scenario('__proto__: { nodes: 5 }'), 'KH009'],
  ])('%s is an error', (_, text, code) => {
    expect(codesIn(text)).toContain(code);
  });

  test('a version without quotes is the version that is written, although YAML reads 1.30 as 1.3', () => {
    expect(baselineOf('kubernetes: 1.30').kubernetes).toBe('1.30');
    expect(baselineOf('', { overrides: ['kubernetes=1.30'] }).kubernetes).toBe('1.30');
  });

  test('an excerpt shows the part of a long line around the mistake, and no control characters', () => {
    const text = scenario(`metadata: { name: a, description: "${'x'.repeat(500)}\x1b[31m", nmae: 1 }`);
    const [, problem] = [null, ...problemsIn(text)];
    expect(problem!.excerpt).not.toContain('\x1b');
    expect(problem!.excerpt!.length).toBeLessThan(250);
    expect(problem!.excerpt).toContain('nmae');
  });
});

describe('settings that contradict each other', () => {
  test.each([
    ['a min above the max', 'replications: { min: 9, max: 5, precision: 5% }'],
    ['a max that is never reached', 'replications: { min: 5, max: 9 }'],
    ['a p99 below the default median', 'pods: { startup: { p99: 1s } }'],
    ['a network latency with min above max', 'cluster: { nodes: 1, apiServerToNodeLatency: { min: 2ms, max: 1ms } }'],
    ['a minSyncPeriod above the syncPeriod', 'kubeProxy: { minSyncPeriod: 40s }'],
    ['minObjectBytes without bytesPerEndpoint', 'wire: { minObjectBytes: 1000 }'],
    ['a zone that is not there', 'workload: [{ at: 1s, loseNodes: { zone: 3 } }]'],
    ['more nodes than there are', 'workload: [{ at: 1s, restartNodes: { nodes: 11 } }]'],
    ['nodes and a zone', 'workload: [{ at: 1s, loseNodes: { nodes: 1, zone: 0 } }]'],
    [
      'a grace period below the renewal of leases',
      'controlPlane: { controllerManager: { nodeMonitorGracePeriod: 10s } }',
    ],
    ['churn that never ends', 'workload: [{ at: 1s, churn: { podsPerSecond: 1 } }]'],
    ['an action after the end', 'duration: 1m\nworkload: [{ at: 1m, scale: { service: web, to: 1 } }]'],
    [
      'a service that changes before it exists',
      'workload: [{ at: 2s, createService: { service: web } }, { at: 1s, scale: { service: web, to: 9 } }]',
    ],
    [
      'a restart of an API server that there is not',
      'workload: [{ at: 1s, restartApiServer: { server: 3, for: 10s } }]',
    ],
    ['more slow nodes than nodes', 'workload: [{ at: 1s, slowWatchers: { nodes: 100001, for: 10s } }]'],
    ['a renew deadline beyond the lease', 'controlPlane: { controllerManager: { leaderElectRenewDeadline: 15s } }'],
    [
      'a renew deadline within one retry',
      'controlPlane: { controllerManager: { leaderElectRenewDeadline: 6s, leaderElectRetryPeriod: 5s } }',
    ],
    [
      'a placement of addresses that are no pods',
      'services: [{ name: web, endpoints: 5 }, { name: db, endpoints: 5, selector: false, placement: antiAffinity }]',
    ],
    ['a management policy of a Deployment', 'services: [{ name: web, endpoints: 5, podManagementPolicy: Parallel }]'],
    ['a partition of a Deployment', 'workload: [{ at: 1s, rollingUpdate: { service: web, partition: 2 } }]'],
    ...[
      ['a surge of a StatefulSet', 'maxSurge: 1'],
      ['Recreate of a StatefulSet', 'strategy: Recreate'],
      ['a maxUnavailable of 0 of a StatefulSet', 'maxUnavailable: 0'],
    ].map(([what, field]): [string, string] => [
      what!,
      `services: [{ name: web, endpoints: 5, controller: StatefulSet }]\nworkload: [{ at: 1s, rollingUpdate: { service: web, ${field!} } }]`,
    ]),
    [
      'a StatefulSet that updates two pods at a time before 1.35',
      'kubernetes: "1.34"\nservices: [{ name: web, endpoints: 5, controller: StatefulSet }]\nworkload: [{ at: 1s, rollingUpdate: { service: web, maxUnavailable: 2 } }]',
    ],
  ])('%s is an error', (_, more) => {
    expect(codesIn(scenario(more))).toEqual(['KH019']);
  });

  test.each([
    ['two services of one name', 'services: [{ name: web, endpoints: 1 }, { name: web, endpoints: 1 }]', 'KH017'],
    [
      'a name that a group uses for its second service',
      'services: [{ name: web, count: 3, endpoints: 1 }, { name: web-3, endpoints: 1 }]',
      'KH017',
    ],
    ['a variant called like the baseline', 'variants: [{ name: baseline, set: {} }]', 'KH017'],
    ['an empty workload', 'workload: []', 'KH021'],
    ['a rollout of a service without pods', 'services: [{ name: web, endpoints: 0 }]', 'KH021'],
    ['twenty million pods', 'services: [{ name: web, count: 4, endpoints: 5000000 }]', 'KH022'],
  ])('%s is an error', (_, more, code) => {
    expect(codesIn(scenario(more))).toEqual([code]);
  });

  test('a mistake in one section does not hide a contradiction in another', () => {
    expect(codesIn(scenario('cluster: { nodes: 0 }\npods: { startup: { p99: 1s } }'))).toEqual(['KH012', 'KH019']);
  });
});

const set = (override: string) => baselineOf('', { overrides: [override] });

describe('--set', () => {
  test('reaches every kind of field', () => {
    expect(set('cluster.nodes=100').cluster.nodes).toBe(100);
    expect(set('services[0].endpoints=7').services[0]!.endpoints).toBe(7);
    expect(set('services.web.endpoints=8').services[0]!.endpoints).toBe(8);
    expect(set('workload[0].rollingUpdate.maxSurge=50%').workload[0]).toMatchObject({ maxSurge: { fraction: 0.5 } });
    expect(set('workload=[{at: 1s, scale: {service: web, to: 9}}]').workload[0]).toMatchObject({
      kind: 'scale',
      to: 9,
    });
    expect(set('services[1]={name: api, endpoints: 3}').services).toHaveLength(2);
    expect(set('controlPlane.etcd.writeLatency.median=4ms').controlPlane.etcd.writeLatencyNs.median).toBe(4e6);
  });

  test('takes the last of several, and options for seed and replications over both', () => {
    const options = { overrides: ['seed=1', 'seed=2'], seed: 3, replications: 4 };
    expect(baselineOf('', options)).toMatchObject({ seed: 3, replications: { min: 4, max: 4, precision: null } });
  });

  test('resets a field to its default with null', () => {
    expect(
      baselineOf('kubeProxy: { minSyncPeriod: 9s }', { overrides: ['kubeProxy.minSyncPeriod=null'] }).kubeProxy
        .minSyncPeriodNs,
    ).toBe(1e9);
  });

  test('changes all variants, and wins over them', () => {
    const text = scenario('variants: [{ name: a, set: { cluster.nodes: 20 } }]');
    const { variants } = parseExperiment(text, 'a.yaml', { overrides: ['cluster.nodes=30'] });
    expect(variants.map((variant) => variant.scenario.cluster.nodes)).toEqual([30, 30]);
  });

  test.each([
    ['foo', 'KH024', 'there is no "="', 'write path=value, for instance --set cluster.nodes=100'],
    [
      'a..b=1',
      'KH024',
      'is not a path',
      'write fields with dots and list entries with brackets, such as services[0].endpoints',
    ],
    ['cluster.nodez=5', 'KH009', 'cluster: unknown field "nodez"', 'did you mean "nodes"?'],
    ['cluser.nodes=5', 'KH009', 'unknown field "cluser"', 'did you mean "cluster"?'],
    ['services.wbe.endpoints=5', 'KH024', 'services has no entry called "wbe"', 'did you mean "web"?'],
    ['services[7].endpoints=5', 'KH024', 'services has 1 entries', null],
    ['cluster.nodes.x=5', 'KH024', 'cluster.nodes is 10', 'set cluster.nodes as a whole'],
    ['cluster.nodes=-5', 'KH012', 'cluster.nodes: must be', null],
    ['wire.format=[', 'KH005', 'YAML syntax', null],
    ['pods.startup.p99=1s', 'KH019', 'below the median', null],
  ])('%s is an error that names the option', (override, code, message, suggestion) => {
    expect(problemsIn(scenario(), { overrides: [override] })).toEqual([
      {
        code,
        file: null,
        line: null,
        column: null,
        message: expect.stringMatching(/^--set /) as string,
        suggestion,
        excerpt: null,
      },
    ]);
    expect(problemsIn(scenario(), { overrides: [override] })[0]!.message).toContain(`--set ${override}: `);
    expect(problemsIn(scenario(), { overrides: [override] })[0]!.message).toContain(message);
  });
});

describe('variants', () => {
  test('that change the version change all its defaults', () => {
    const { variants } = parseExperiment(scenario('variants: [{ name: old, set: { kubernetes: "1.26" } }]'), 'a.yaml');
    expect(variants.map((variant) => variant.scenario.kubelet.kubeApiQps)).toEqual([50, 5]);
    expect(variants.map((variant) => variant.scenario.kubeProxy.syncRunner)).toEqual(['min-interval', 'token-bucket']);
  });

  test('reset fields to their defaults with null', () => {
    const text = scenario(
      'kubeProxy: { minSyncPeriod: 9s }\nvariants: [{ name: a, set: { kubeProxy.minSyncPeriod: null } }]',
    );
    expect(parseExperiment(text, 'a.yaml').variants[1]!.scenario.kubeProxy.minSyncPeriodNs).toBe(1e9);
  });

  test.each([
    ['kubeProxy.discovery: Endpoint', 'KH011', 'did you mean "Endpoints"?', 29],
    ['kubeProxi.mode: x', 'KH009', 'did you mean "kubeProxy"?', 8],
    ['services.wbe.endpoints: 4', 'KH024', 'did you mean "web"?', 8],
    ['seed: 4', 'KH023', null, 8],
    ['kubeProxy.minSyncPeriod: 40s', 'KH019', null, 33],
    ['cluster: { nodes: 0 }', 'KH012', null, 26],
  ])('with a mistake in %s are reported at their place in the file', (entry, code, suggestion, column) => {
    const text = scenario(`variants:\n  - name: a\n    set:\n       ${entry}`);
    expect(problemsIn(text)).toMatchObject([{ code, suggestion, line: 10, column }]);
  });

  test('do not repeat the mistakes of the baseline, and are named where the file itself looks sound', () => {
    const text = scenario('duration: 1m\ncluster: { nodes: 0 }\nvariants: [{ name: short, set: { workload: [] } }]');
    expect(problemsIn(text).map(({ code, line }) => [code, line])).toEqual([
      ['KH012', 7],
      ['KH021', 8],
    ]);
    const late = problemsIn(scenario('variants: [{ name: short, set: { duration: 500ms } }]'));
    expect(late).toMatchObject([
      { code: 'KH019', line: 6, message: expect.stringMatching(/^in variant "short": /) as string },
    ]);
  });
});

describe('whatever is thrown at it', () => {
  const starter = starterScenario();
  const fragments = constantFrom(
    ': ',
    '- ',
    '[',
    '{',
    '}',
    '*a',
    '&a ',
    '"',
    '\n',
    '\t',
    '#',
    '!',
    '1e999',
    '-1',
    'null',
    '0x',
    '| ',
    '<<: ',
  );

  test('a damaged scenario loads, or is refused with problems that lie inside the text', () => {
    const damage = tuple(nat(starter.length), nat(30), fragments);
    assert(
      property(damage, damage, (...damages) => {
        let text = starter;
        for (const [at, length, inserted] of damages) text = text.slice(0, at) + inserted + text.slice(at + length);
        for (const { line } of problemsIn(text)) expect(line).toBeLessThanOrEqual(text.split('\n').length);
      }),
      { numRuns: 200 },
    );
  });

  test('any --set is applied, or refused with a problem', () => {
    const path = constantFrom(
      'cluster',
      'cluster.nodes',
      'services',
      'services[0]',
      'services.big.count',
      'variants',
      'workload[0]',
      'slos[0].max',
      'metadata',
      'replications',
      '__proto__.x',
      'constructor',
      'kubernetes',
      'expect[0]',
    );
    assert(
      property(path, string(), fragments, (name, value, fragment) => {
        problemsIn(starter, { overrides: [`${name}=${fragment}${value}`, `${name}${value}=${fragment}`] });
      }),
      { numRuns: 200 },
    );
  });
});
