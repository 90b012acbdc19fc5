import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { generatedContent } from '../../database/generator/content_collections.ts';
import type { Certificate } from '../../shared/access/certificates.ts';
import { sealCredential } from '../../shared/access/credentials.ts';
import { Secret } from '../../shared/access/secret.ts';
import { COLLECTION_NAMES, type CollectionName } from '../../shared/sources/content_collections.ts';
import { generationLogDocument, outsideRequestDocument } from '../../shared/sources/content_records.ts';

/** A document as JSON, with the collection and the id it belongs under. */
export type SampleDocument = { readonly collection: CollectionName; readonly id: string; readonly document: Record<string, unknown> };

/** A key pair as a certificate holds it; what stands in a certificate beside it does not matter to credentials. */
export function sampleCertificate(fingerprint = 'a'.repeat(64)): Certificate {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const from = new Date('2026-01-01T00:00:00Z');
  return {
    fingerprint,
    subject: 'CN=test',
    validFrom: from,
    validTo: new Date('2028-01-01T00:00:00Z'),
    publicKey: createPublicKey(key),
    privateKey: key,
  };
}

const record = { tool: 'generateCampaignMessages', caller: 'desk', at: new Date('2026-02-10T18:00:00.250Z'), day: '2026-02-10' } as const;

/** One right document of each collection. */
export function sampleDocuments(): readonly SampleDocument[] {
  const generated = new Map(
    generatedContent(20_260_101, '2026-11-21', 'small').map(({ collection, documents }) => [collection, documents()[0]] as const),
  );
  const made: Partial<Record<CollectionName, Record<string, unknown>>> = {
    logs_campanas: generationLogDocument({
      ...record,
      logId: 'LOG-1',
      campaignId: 'CMP-1',
      clientId: 'CLI-1',
      campaignDescription: 'Zapatillas de montaña',
      targetAudience: { edadMin: 18 },
      populations: [
        {
          population: { nombre: 'jóvenes' },
          messages: [{ text: 'Corré <3', tone: 'cercano', hashtags: ['#trail'], images: ['IMG-1'], reason: 'les gusta', headline: 'Ya' }],
        },
      ],
      model: 'gpt',
      promptVersion: 'v1',
      promptHash: 'abc',
      language: 'es',
      channel: 'instagram',
      tokens: 812,
      costUsd: '0.00012',
      costKnown: true,
      durationMs: 930,
    }),
    bitacora_solicitudes: outsideRequestDocument({
      ...record,
      requestId: 'REQ-1',
      service: 'openai',
      request: { operation: 'responses', model: 'gpt' },
      response: { status: 200 },
      result: 'from_cache',
      costKnown: true,
      saved: { tokens: 10, costUsd: '0.1' },
      tokens: 0,
      costUsd: '0',
      durationMs: 12,
    }),
    credenciales_cifradas: sealCredential(
      { service: 'openai', type: 'api_key', value: new Secret('value'), at: record.at },
      sampleCertificate(),
    ),
  };
  return COLLECTION_NAMES.map((collection) => {
    const document = made[collection] ?? { ...generated.get(collection)?.document };
    const id = generated.get(collection)?.id ?? String(document.id_log ?? document.id_solicitud ?? document.id_credencial);
    return { collection, id, document: JSON.parse(JSON.stringify(document)) };
  });
}

/** Values that are wrong somewhere, or nearly. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  9_007_199_254_740_992,
  '',
  'x',
  'from_cache',
  '0.00',
  '2024-02-29',
  '2026-02-29',
  '2026-02-10T18:00:00Z',
  '2026-02-10T25:00:00Z',
  'javascript:alert(1)',
  'http://media.example/1.jpg',
  'https://login:password@media.example/1.jpg',
  'https://media.example/1.jpg?w=1#a',
  '5 < 6 <3',
  'a <script>',
  'á'.repeat(500),
  'á'.repeat(501),
  'line\n',
  [],
  {},
  [7],
  [{}],
  { a: {} },
];

/** A document with each part of it left out, replaced by each of the values, or with a field more. */
export function* mutations(document: Record<string, unknown>): Generator<Record<string, unknown>> {
  for (const path of pathsOf(document)) {
    yield changed(document, path, (parent, last) => {
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete parent[last];
    });
    for (const value of VALUES) {
      yield changed(document, path, (parent, last) => {
        parent[last] = value;
      });
    }
    yield changed(document, path, (parent, last) => {
      const part = parent[last];
      if (typeof part === 'object' && part !== null && !Array.isArray(part)) (part as Record<string, unknown>).valor = 'x';
      else parent.valor = 'x';
    });
  }
}

type Parent = Record<string, unknown>;

function* pathsOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  // The first of a list stands for the others.
  for (const [name, part] of Object.entries(value).slice(0, Array.isArray(value) ? 1 : undefined)) yield* pathsOf(part, [...path, name]);
}

function changed(document: Parent, path: readonly string[], change: (parent: Parent, last: string) => void): Parent {
  const copy = structuredClone(document);
  const parent = path.slice(0, -1).reduce<Parent>((part, name) => part[name] as Parent, copy);
  change(parent, path.at(-1) ?? '');
  return copy;
}
