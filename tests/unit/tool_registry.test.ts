import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adsOptimizer } from '../../mcp-servers/ads_optimizer/index.ts';
import { contentGenerator } from '../../mcp-servers/content_generator/index.ts';
import { crmAnalyzer } from '../../mcp-servers/crm_analyzer/index.ts';
import { salesDashboard } from '../../mcp-servers/sales_dashboard/index.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { readArguments } from '../../shared/mcp/arguments.ts';
import { inputSchemaOf } from '../../shared/mcp/served_tool.ts';
import { toolDefinitions } from '../../shared/mcp/tool_definitions.ts';

/** The tools of each server under their names: what the customer knows, and what a demanding user would miss. */
const SERVERS = [
  {
    server: salesDashboard,
    names: [
      'get_campaign_performance',
      'get_sales_data',
      'get_campaign_locations',
      'get_campaign_channels',
      'rank_campaigns',
      'get_data_freshness',
      'get_cache_report',
    ],
  },
  {
    server: adsOptimizer,
    names: ['recommend_budget', 'get_campaign_pacing', 'get_attribution', 'analyze_experiment', 'find_ad_anomalies', 'apply_budget_plan'],
  },
  {
    server: crmAnalyzer,
    names: [
      'get_lead_metrics',
      'get_lead_funnel',
      'segment_customers',
      'rank_customers',
      'find_nearby_customers',
      'get_customer_profile',
      'update_lead_stage',
    ],
  },
  { server: contentGenerator, names: ['getContent', 'generateCampaignMessages', 'get_generation_usage', 'save_campaign_content'] },
];

/** What a tool does to the world, where it does not only read. Saving the same twice changes nothing; a model writes something else each time. */
const WRITING: Readonly<Record<string, object>> = {
  generateCampaignMessages: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  apply_budget_plan: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  update_lead_stage: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  save_campaign_content: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
};
/** Arguments that are lists; what a list holds is flat. */
const LISTS = new Set(['populations', 'messages', 'images', 'limits', 'changes']);

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

describe.each(SERVERS)('the tools of $server.name', ({ server, names }) => {
  const tools = server.tools.map(({ tool }) => tool);
  const definitions = toolDefinitions(tools);

  it('are those of the requirements (T1, T2, T3), under their names', () => {
    expect(tools.map(({ name }) => name)).toEqual(names);
  });

  it('keep no answer of a tool that can show who somebody is: each such reading is written down (S5)', () => {
    const identifying = tools.filter(({ input }) => 'reason' in input.shape && server.name === 'crm_analyzer');
    expect(identifying.filter(({ cache }) => cache !== 'none')).toEqual([]);
    if (server.name === 'crm_analyzer') expect(identifying.map(({ name }) => name)).toContain('get_customer_profile');
  });

  it('cost a host at most 6,000 tokens together', () => {
    expect(Math.ceil(JSON.stringify(definitions).length / 4)).toBeLessThanOrEqual(6_000);
  });

  describe.each(definitions)('$name', (definition) => {
    it('has a name that fits with the host prefix', () => {
      expect(definition.name).toMatch(/^[a-z]+(_[a-z]+|[A-Z][a-z]+)+$/);
      // The host puts the server's name before the tool's and allows 64 characters for both.
      expect(`mcp__${server.name}__${definition.name}`.length).toBeLessThanOrEqual(64);
    });

    it('has a description below 2,048 characters whose first line says what it is', () => {
      expect(definition.description.length).toBeLessThan(2_048);
      expect(definition.description.split('\n')[0]?.length).toBeGreaterThan(40);
      expect(definition.description).toMatch(/Use it (for|when)/);
    });

    it('states all four annotations, and only what is known to write says that it does', () => {
      const reads = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
      expect(definition.annotations).toEqual(WRITING[definition.name] ?? reads);
    });

    it('has an input schema that hosts take: strict, flat, without unions, below 16,384 characters', () => {
      const schema = JSON.stringify(definition.inputSchema);
      expect(schema.length).toBeLessThan(16_384);
      expect(schema).not.toMatch(/"(anyOf|oneOf|allOf)"/);
      expect(definition.inputSchema.additionalProperties).toBe(false);
      const properties = Object.entries(z.record(z.string(), z.looseObject({})).parse(definition.inputSchema.properties));
      expect(properties.filter(([, { type }]) => type === 'object')).toEqual([]);
      expect(properties.filter(([name, { type }]) => type === 'array' && !LISTS.has(name))).toEqual([]);
    });

    it('shows examples that it accepts', () => {
      const tool = tools.find(({ name }) => name === definition.name);
      const examples = [...definition.description.matchAll(/Example: (\{.*\})/g)].map(([, json]) => JSON.parse(json ?? '') as unknown);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const rules = { tool: definition.name, schema: inputSchemaOf(tool!), aliases: tool?.aliases ?? {} };
        expect(() => readArguments(rules, example)).not.toThrow();
      }
    });

    it('has its contract and its handler in files of its name', () => {
      for (const folder of ['tools', 'handlers']) {
        expect(existsSync(join(packageRoot(), 'mcp-servers', server.name, folder, `${snakeCase(definition.name)}.ts`))).toBe(true);
      }
    });
  });

  it('names other tools only where they exist', () => {
    const named = definitions.flatMap(
      ({ description }) => description.match(/\b(?:get|rank|save|recommend|analyze|find|apply)_[a-z_]+/g) ?? [],
    );
    expect(named.filter((name) => !tools.some((tool) => tool.name === name))).toEqual([]);
  });

  it('renames aliases only to arguments that there are', () => {
    for (const tool of tools) {
      const known = Object.keys(tool.input.shape);
      expect(Object.values(tool.aliases ?? {}).filter((name) => !known.includes(name))).toEqual([]);
      expect(Object.keys(tool.aliases ?? {}).filter((name) => known.includes(name))).toEqual([]);
    }
  });
});
