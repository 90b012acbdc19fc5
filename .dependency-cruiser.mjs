/** The arrows of the architecture: tools ← handlers → service → repo → shared, and nothing points back. */
export default {
  forbidden: [
    {
      name: 'shared-knows-nobody',
      comment: 'shared/ is what everything stands on.',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(mcp-servers|etl|cli|database|tests|scripts)/' },
    },
    {
      name: 'nobody-imports-cli',
      comment: 'The command line is the outermost room.',
      severity: 'error',
      from: { pathNot: '^(cli|tests|scripts)/' },
      to: { path: '^cli/' },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { pathNot: '^tests/' },
      to: { path: '^tests/' },
    },
    {
      name: 'servers-do-not-know-each-other',
      severity: 'error',
      from: { path: '^mcp-servers/([^/]+)/' },
      to: { path: '^mcp-servers/', pathNot: '^mcp-servers/$1/' },
    },
    {
      name: 'servers-stand-on-shared-only',
      severity: 'error',
      from: { path: '^mcp-servers/' },
      to: { path: '^(etl|cli|database|scripts)/' },
    },
    {
      name: 'tools-are-contracts',
      comment: 'A contract holds no logic: it imports schemas, never handlers, services or repos.',
      severity: 'error',
      from: { path: '^mcp-servers/[^/]+/tools/' },
      to: { path: '^mcp-servers/[^/]+/(handlers|service|repo)/' },
    },
    {
      name: 'service-is-pure',
      comment: 'The thinking imports no driver, no repo code and no handler.',
      severity: 'error',
      from: { path: '^mcp-servers/[^/]+/service/' },
      to: {
        path: '^(mcp-servers/[^/]+/(handlers|repo)/|shared/(db|cache|sources|stack|mcp/(http|stdio|pipeline))|node_modules/(pg|ioredis|mssql|mongodb))',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'repo-does-not-look-up',
      severity: 'error',
      from: { path: '^mcp-servers/[^/]+/repo/' },
      to: { path: '^mcp-servers/[^/]+/(handlers|tools)/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'shared/domain has no input or output.',
      severity: 'error',
      from: { path: '^shared/domain/' },
      to: {
        path: '^(shared/(db|cache|sources|stack|mcp|config|telemetry|access)/|node_modules/(pg|ioredis|pino))',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'database-stands-on-shared-only',
      severity: 'error',
      from: { path: '^database/' },
      to: { path: '^(mcp-servers|etl|cli|scripts)/' },
    },
    {
      name: 'etl-stands-on-shared-and-database',
      severity: 'error',
      from: { path: '^etl/' },
      to: { path: '^(mcp-servers|cli|scripts)/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
