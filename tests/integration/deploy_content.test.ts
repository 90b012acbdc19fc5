import { Writable } from 'node:stream';
import { BSON, type Document } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runDeployContent } from '../../cli/commands/deploy_content.ts';
import { generatedContent } from '../../database/generator/content_collections.ts';
import { validatorOf } from '../../database/mongodb/validator.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { COLLECTION_NAMES, CONTENT_COLLECTIONS, type CollectionName } from '../../shared/sources/content_collections.ts';
import { failure, firstBatch, type MongoEndpoint, type Script, startMongoEndpoint } from '../support/mongo_endpoint.ts';
import { mongoTakes } from '../support/mongo_validator.ts';

const SCALE = { scale: 'small', seed: 7, referenceDate: '2026-11-21' } as const;
let endpoint: MongoEndpoint;

beforeAll(async () => {
  endpoint = await startMongoEndpoint();
});
afterAll(() => endpoint?.stop());

/** What a database answers in which nothing was deployed yet. */
const empty: Script = (command, name) => {
  if (name === 'find') return firstBatch(String(command.find), []);
  if (name === 'listCollections')
    return firstBatch(
      '$cmd.listCollections',
      COLLECTION_NAMES.map((each) => ({ name: each, options: {} })),
    );
  if (name === 'aggregate') return firstBatch(String(command.aggregate), []);
  return name === 'insert' ? { ok: 1, n: command.documents.length } : { ok: 1, n: 1, nModified: 1 };
};

/** Answers like the script but for what `first` has an answer to. */
const but =
  (first: (command: Document, name: string) => Document | undefined, script: Script = empty): Script =>
  (command, name) =>
    first(command, name) ?? script(command, name);

/** What a database answers that has had this deployment. */
function deployed(): Script {
  const marks = endpoint.all('insert').flatMap(({ document }) => (document.insert === 'promptsales_scripts' ? document.documents : []));
  const options = new Map(
    endpoint
      .all('collMod')
      .map(({ document: { collMod, validator, validationLevel, validationAction } }) => [
        collMod,
        { validator, validationLevel, validationAction },
      ]),
  );
  return but((command, name) => {
    if (command.find === 'promptsales_scripts') return firstBatch('promptsales_scripts', marks);
    if (name === 'listCollections')
      return firstBatch(
        '$cmd.listCollections',
        [...options].map(([each, held]) => ({ name: each, options: held })),
      );
    return name === 'createRole' ? failure(51_002, 'Location51002') : undefined;
  });
}

let code: number;

async function deploy({ fill = false, check = false } = {}): Promise<string> {
  const written: string[] = [];
  const output = new Writable({
    write: (chunk, _, done) => {
      written.push(String(chunk));
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  const settings = { ...readSettings({}), ...SCALE };
  code = await runDeployContent({ fill, check }, { ...settings, urls: { ...settings.urls, content: endpoint.url } }, output);
  return written.join('');
}

const names = () => endpoint.received.map(({ name }) => name);
/** A command with its numbers as JavaScript's. */
const plain = (document: Document): Document => BSON.deserialize(BSON.serialize(document));
const asked = (name: string): Document[] => endpoint.all(name).map(({ document }) => plain(document));
const inserted = (collection: string): Document[] =>
  asked('insert').flatMap(({ insert, documents }) => (insert === collection ? documents : []));

afterEach(() => {
  // Whatever was asked: nothing of anybody's is dropped, and every write waits for a majority.
  expect(names().filter((name) => /^(drop|delete|renameCollection)/.test(name))).toEqual([]);
  for (const { name, document } of endpoint.received) {
    if (name === 'insert' || name === 'update') expect(document.writeConcern).toMatchObject({ w: 'majority' });
  }
});

describe('promptsales deploy content', () => {
  it('makes collections, indexes, validators and roles, and notes which scripts were applied', async () => {
    endpoint.answer(empty);
    const told = await deploy();
    expect(endpoint.all('create').map(({ document }) => document.create)).toEqual([...COLLECTION_NAMES]);
    expect(endpoint.all('createIndexes').map(({ document }) => document.createIndexes)).toContain('logs_campanas');
    expect(asked('collMod')).toMatchObject(
      COLLECTION_NAMES.map((collMod) => ({
        collMod,
        validator: validatorOf(CONTENT_COLLECTIONS[collMod]),
        validationLevel: 'strict',
        validationAction: 'error',
      })),
    );
    expect(inserted('promptsales_scripts').map(({ _id }) => _id)).toEqual(['0001_collections', '0002_indexes']);
    const roles = endpoint.all('createRole').map(({ document }) => document);
    expect(roles.map(({ createRole }) => createRole)).toEqual(['promptsales_content', 'promptsales_content_etl']);
    expect(JSON.stringify(roles)).not.toMatch(/credenciales|remove|anyAction/);
    expect(told).toContain(
      `PromptContent: scripts applied: 0001_collections, 0002_indexes; validators changed: ${COLLECTION_NAMES.join(', ')}; roles brought up to date\n`,
    );
  });

  it('changes nothing the second time but the roles to the same', async () => {
    endpoint.answer(empty);
    await deploy();
    endpoint.answer(deployed());
    expect(await deploy()).toContain('scripts applied: none; validators changed: none');
    expect(new Set(names())).toEqual(new Set(['find', 'listCollections', 'createRole', 'updateRole', 'aggregate']));
  });

  it('brings a validator that is another one than the schema says, and only that', async () => {
    endpoint.answer(empty);
    await deploy();
    const before = deployed();
    endpoint.answer(async (command, name) => {
      const reply = await before(command, name);
      if (name === 'listCollections' && reply !== 'cut')
        reply.cursor.firstBatch.find((each: Document) => each.name === 'clientes').options.validationLevel = 'off';
      return reply;
    });
    await deploy();
    expect(endpoint.only('collMod').document.collMod).toBe('clientes');
  });

  it('finishes a deployment that was cut short', async () => {
    let left = 3;
    endpoint.answer(but((_, name) => (name === 'create' && left-- === 0 ? failure(8, 'UnknownError') : undefined)));
    await expect(deploy()).rejects.toThrow();
    endpoint.answer(but((_, name) => (name === 'create' ? failure(48, 'NamespaceExists') : undefined)));
    expect(await deploy()).toContain('0001_collections, 0002_indexes');
  });

  it('refuses a script that was applied in another form', async () => {
    endpoint.answer(
      but(({ find }) => (find === 'promptsales_scripts' ? firstBatch(find, [{ _id: '0001_collections', hash: 'other' }]) : undefined)),
    );
    await expect(deploy()).rejects.toThrow('0001_collections was applied in another form');
    expect(names()).toEqual(['find']);
  });

  it('says so when the login may not make roles, and how many documents break the rules', async () => {
    endpoint.answer(
      but((command, name) => {
        if (name === 'createRole') return failure(13, 'Unauthorized');
        return command.aggregate === 'imagenes' ? firstBatch('imagenes', [{ n: 3 }]) : undefined;
      }),
    );
    const told = await deploy();
    expect(told).toContain('This login may not make roles');
    expect(told).toContain('3 documents of imagenes break its rules');
    expect(asked('aggregate')[0]?.pipeline).toEqual([
      { $match: { $nor: [validatorOf(CONTENT_COLLECTIONS.imagenes)] } },
      { $limit: 1_000 },
      { $group: { _id: 1, n: { $sum: 1 } } },
    ]);
  });

  it('with --check changes nothing, and tells what is missing, how the collections stand, and which documents break the rules', async () => {
    endpoint.answer(empty);
    await deploy();
    const before = deployed();
    const states = but((command, name) => {
      if (name !== 'aggregate') return undefined;
      const [stage] = command.pipeline;
      if ('$collStats' in stage) {
        const sizes = { count: 120, storageSize: 300 * 1024 * 1024, totalIndexSize: 65_536, freeStorageSize: 200 * 1024 * 1024 };
        return firstBatch(command.aggregate, [{ storageStats: sizes }]);
      }
      const accesses = { ops: BSON.Long.fromNumber(12), since: new Date('2026-11-01T00:00:00Z') };
      const indexes = command.aggregate === 'imagenes' ? ['_id_', 'written_at', 'by_hand'] : ['_id_'];
      return firstBatch(
        command.aggregate,
        indexes.map((each) => ({ name: each, accesses })),
      );
    }, before);
    endpoint.answer(states);
    expect(await deploy({ check: true })).toBe(
      [
        'PromptContent is as it was deployed',
        ...COLLECTION_NAMES.flatMap((each) => [
          `${each}: 120 documents, 300.0 MB, indexes 0.1 MB`,
          '  index _id_: 12 uses since 2026-11-01',
          ...(each === 'imagenes'
            ? ['  index written_at: 12 uses since 2026-11-01', '  index by_hand: 12 uses since 2026-11-01, made by somebody else']
            : []),
          `  200.0 MB of it are empty: db.runCommand({ compact: '${each}' }) on each member gives them back`,
        ]),
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
    expect(new Set(names())).toEqual(new Set(['find', 'listCollections', 'aggregate']));
    // A server refuses these stages with another read concern.
    expect(endpoint.all('aggregate').every(({ document }) => document.readConcern.level === 'local')).toBe(true);

    endpoint.answer(but(({ find }) => (find === 'clientes' ? firstBatch(find, [{ _id: 'CLI-7' }]) : undefined), states));
    expect(await deploy({ check: true })).toContain('  break its rules: CLI-7');
    expect(code).toBe(1);
    endpoint.answer(empty);
    expect(await deploy({ check: true })).toContain(
      'PromptContent is behind: scripts to apply: 0001_collections, 0002_indexes; validators',
    );
    expect(code).toBe(1);
  });

  it('tells what the server refuses, and what to do', async () => {
    endpoint.answer(but((_, name) => (name === 'create' ? failure(13, 'not authorized on promptcontent to execute command') : undefined)));
    await expect(deploy()).rejects.toMatchObject({
      name: 'StackError',
      message: expect.stringContaining('not authorized on promptcontent'),
      remedy: expect.stringContaining('own the database'),
    });
  });

  it.each([undefined, 'postgres://owner@127.0.0.1/content'])('is for an address of MongoDB, not for %s', async (content) => {
    const settings = readSettings({});
    await expect(runDeployContent({ fill: false }, { ...settings, urls: { ...settings.urls, content } })).rejects.toThrow(
      'CONTENT_DATABASE_URL',
    );
  });
});

describe('promptsales deploy content --fill (D8)', () => {
  it('puts in the generated documents, each of which its validator takes, and marks when it is done', async () => {
    endpoint.answer(empty);
    const told = await deploy({ fill: true });
    const generated = generatedContent(SCALE.seed, SCALE.referenceDate, SCALE.scale);
    for (const { collection, documents } of generated) {
      const there = inserted(collection);
      expect(there.map(({ _id }) => _id)).toEqual(documents().map(({ id }) => id));
      const validator = validatorOf(CONTENT_COLLECTIONS[collection as CollectionName]);
      expect(there.filter((document) => !mongoTakes(validator, document))).toEqual([]);
    }
    expect(inserted('imagenes')).toHaveLength(120);
    expect(inserted('credenciales_cifradas')).toEqual([]);
    expect(told).toContain('imagenes: 120 documents');
    expect(endpoint.all('insert').every(({ document }) => document.documents.length <= 500)).toBe(true);
    expect(endpoint.only('update').document).toMatchObject({ update: 'promptsales_fill', updates: [{ u: { $set: { done: true } } }] });
  });

  const filled = (more: object) =>
    but((command) => {
      if (command.find !== 'promptsales_fill') return undefined;
      return firstBatch('promptsales_fill', [{ ...SCALE, generatorVersion: 2, done: false, ...more }]);
    });

  it('goes on where it was cut short: what is there already is the same', async () => {
    endpoint.answer(
      but(
        (command) =>
          command.insert === 'imagenes'
            ? {
                ok: 1,
                n: 100,
                writeErrors: command.documents.slice(0, 20).map((_: unknown, index: number) => ({ index, code: 11_000, errmsg: 'E11000' })),
              }
            : undefined,
        filled({}),
      ),
    );
    expect(await deploy({ fill: true })).toContain('imagenes: 120 documents');
    expect(inserted('promptsales_fill')).toEqual([]);
  });

  it('does not take another error for a document that is there', async () => {
    endpoint.answer(
      but(
        (command) =>
          command.insert === 'imagenes'
            ? {
                ok: 1,
                n: 118,
                writeErrors: [
                  { index: 0, code: 11_000, errmsg: 'E11000' },
                  { index: 1, code: 121, errmsg: 'Document failed validation' },
                ],
              }
            : undefined,
        filled({}),
      ),
    );
    await expect(deploy({ fill: true })).rejects.toThrow();
    expect(endpoint.all('update')).toEqual([]);
  });

  it('does nothing when it was done before', async () => {
    endpoint.answer(filled({ done: true }));
    expect(await deploy({ fill: true })).toContain('filled with the same before');
    expect(inserted('imagenes')).toEqual([]);
  });

  it.each([
    ['other generated data', () => filled({ seed: 8, done: true }), 'seed 8'],
    [
      'documents of somebody',
      () => but(({ find }) => (find === 'clientes' ? firstBatch(find, [{ _id: 'CLI-1' }]) : undefined)),
      'there are documents in clientes',
    ],
  ])('leaves a database alone that holds %s', async (_, script, reason) => {
    endpoint.answer(script());
    await expect(deploy({ fill: true })).rejects.toThrow(reason);
    expect(inserted('imagenes')).toEqual([]);
  });
});
