import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayStamp, hourStamp, minuteStamp, monthStamp } from '../../shared/cache/catalogue.ts';
import { familyOf, hourLimitKey, KEY_CATALOGUE, lockKey, minuteLimitKey, toolResultKey } from '../../shared/cache/keys.ts';

describe('the keys of Redis (R)', () => {
  it('are written as the customer wrote them', () => {
    const at = new Date('2026-11-21T04:07:59Z');
    expect(toolResultKey.of({ server: 'sales_dashboard', tool: 'get_sales_data', params_hash: 'abc' })).toBe(
      'mcp:tool:sales_dashboard:get_sales_data:abc',
    );
    expect(minuteLimitKey.of({ client: 'claude', service: 'sales_dashboard', 'yyyy-mm-dd-HH-MM': minuteStamp(at) })).toBe(
      'ratelimit:claude:sales_dashboard:minute:2026-11-21-04-07',
    );
    expect(hourLimitKey.of({ tool: 'get_sales_data', client: 'claude', 'yyyy-mm-dd-HH': hourStamp(at) })).toBe(
      'ratelimit:mcp:get_sales_data:claude:hour:2026-11-21-04',
    );
    expect(lockKey.of({ resource: 'content_generation', id: 'CMP-1' })).toBe('lock:content_generation:CMP-1');
    expect([dayStamp(at), monthStamp(at)]).toEqual(['2026-11-21', '2026-11']);
  });

  it('have the types and lives of the customer’s table', () => {
    expect(Object.fromEntries(KEY_CATALOGUE.map(({ pattern, type, seconds }) => [pattern, `${type} ${seconds}`]))).toEqual({
      'content:by_id:{content_id}': 'hash 7200',
      'content:search:{campana_id}:{query_hash}': 'sorted set 3600',
      'content:search:{description_hash}': 'string 3600',
      'mcp:tool:{server}:{tool}:{params_hash}': 'hash 1800',
      'mcp:server:status:{server}': 'hash 300',
      'api:call:{service}:{method}:{hash}': 'string 3600',
      'api:stats:{service}': 'hash 86400',
      'ai:generation:{model}:{prompt_hash}': 'string 7200',
      'ai:campaign_messages:{campana_id}:{segmento_hash}': 'list 10800',
      'ai:generation:meta:{campana_id}:{segmento_hash}': 'hash 10800',
      'ai:tokens:{user}:{yyyy-mm}': 'hash 2592000',
      'metrics:content:{campana_id}': 'hash 900',
      'metrics:client:{cliente_id}:daily:{yyyy-mm-dd}': 'hash 172800',
      'estadisticas:campana:{id}': 'hash 660',
      'config:api:{provider}': 'hash 3600',
      'config:client:{client_name}': 'hash 3600',
      'etl:last_sync:{database}:{table}': 'hash 1320',
      'lock:{resource}:{id}': 'string 30',
      'queue:ai_generation:{priority}': 'list null',
      'queue:jobs:{type}': 'list null',
      'job:{id}': 'hash 86400',
      'ratelimit:{client}:{service}:minute:{yyyy-mm-dd-HH-MM}': 'counter 120',
      'ratelimit:mcp:{tool}:{client}:hour:{yyyy-mm-dd-HH}': 'counter 7200',
      'circuit:breaker:{service}': 'hash 300',
      'sesion:{user_id}': 'hash 7200',
      'dashboard:campaign_performance:{campana_id}:daily:{yyyy-mm-dd}': 'hash 2592000',
      'leaderboard:content:{campana_id}:engagement': 'sorted set 3600',
    });
  });

  it('never run into each other, whatever the names in them', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(name, name, name, name, (resource, id, otherResource, otherId) => {
        const one = lockKey.of({ resource, id });
        expect(one === lockKey.of({ resource: otherResource, id: otherId })).toBe(resource === otherResource && id === otherId);
        expect(one).not.toMatch(/[{}*?\s]/);
        expect(familyOf(one)?.pattern).toBe(lockKey.pattern);
      }),
    );
  });

  it('are recognised, each as one of its own family', () => {
    for (const family of KEY_CATALOGUE) {
      const key = family.pattern.replaceAll(/\{[^}]*\}/g, 'x1');
      expect(familyOf(key)?.pattern).toBe(family.pattern);
    }
    expect(familyOf('bull:mail:1')).toBeUndefined();
  });
});
