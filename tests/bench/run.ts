import { join } from 'node:path';
import { packageRoot } from '../../shared/config/package_root.ts';
import { table } from '../../shared/domain/table.ts';
import { measureAds } from './ads_latency.ts';
import { type BenchStack, startBenchStack } from './bench_stack.ts';
import { measureCrm } from './crm_latency.ts';
import { measureEtl } from './etl_speed.ts';
import { type Figure, reached } from './figure.ts';
import { measureHttp } from './http_latency.ts';
import { measureSearchQuality } from './search_quality.ts';
import { measureStdioStart } from './stdio_start.ts';
import { measureThroughput } from './throughput.ts';
import { measureVectorSearch } from './vector_search.ts';

/** Measurements that need nothing but this process. */
const ownBenches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  search: async () => [...(await measureVectorSearch()), ...(await measureSearchQuality())],
};

/** Measurements on a running stack. All are called by name: `npm run bench -- http` runs one of them, `-- --json` prints for machines. */
const benches: Readonly<Record<string, (stack: BenchStack) => Promise<Figure[]>>> = {
  stdio: async () => {
    const start = await measureStdioStart(join(packageRoot(), 'dist', 'mcp', 'sales_dashboard.mjs'), 15);
    return [
      {
        what: 'stdio, process start to tools/list, p50',
        value: start.p50,
        unit: 'ms',
        goal: 120,
        note: `p90 ${start.p90.toFixed(0)} ms, 15 starts`,
      },
      ...(start.residentMiB === null
        ? []
        : [{ what: 'stdio, memory then', value: start.residentMiB, unit: 'MiB', goal: 90, note: 'resident, median' } satisfies Figure]),
    ];
  },
  http: measureHttp,
  ads: measureAds,
  crm: measureCrm,
  throughput: measureThroughput,
  // Last: what it writes keeps the database busy for a while.
  etl: measureEtl,
};

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const known = [...Object.keys(ownBenches), ...Object.keys(benches)];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`unknown bench ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  process.exit(2);
}

const asked = (name: string): boolean => names.length === 0 || names.includes(name);
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(ownBenches)) if (asked(name)) figures.push(...(await measure()));
if (Object.keys(benches).some(asked)) {
  const stack = await startBenchStack();
  try {
    if (stack.startedInMs !== undefined) {
      figures.push({
        what: 'start of the stack until ready',
        value: stack.startedInMs / 1000,
        unit: 's',
        goal: 60,
        note: 'a first start when its home was empty',
      });
    }
    for (const [name, measure] of Object.entries(benches)) if (asked(name)) figures.push(...(await measure(stack)));
  } finally {
    await stack.stop();
  }
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(figures, undefined, 2));
} else {
  console.log(
    table<Figure>(
      [
        { header: 'figure', cell: ({ what }) => what },
        { header: 'measured', cell: ({ value, unit }) => `${value.toFixed(2)} ${unit}` },
        { header: 'goal', cell: ({ goal, least }) => (goal === undefined ? '' : `${least === true ? '≥' : '≤'} ${goal}`) },
        { header: 'reached', cell: (figure) => ({ true: 'yes', false: 'NO' })[String(reached(figure))] ?? '' },
        { header: 'note', cell: ({ note }) => note },
      ],
      figures,
    ),
  );
}
