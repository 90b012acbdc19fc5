import { describe, expect, it } from 'vitest';
import { isSqlServerAddress, sqlServerPlace, UnreadableAddress } from '../../shared/db/sql_server_address.ts';

const secure = { encrypt: true, trustServerCertificate: false, instance: undefined };

describe('an address of SQL Server', () => {
  it.each([
    [
      'mssql://ana:se%40creto@db.example:1444/PromptAds',
      { server: 'db.example', port: 1444, database: 'PromptAds', user: 'ana', password: 'se@creto', ...secure },
    ],
    ['sqlserver://ana:x@db.example/PromptAds', { server: 'db.example', database: 'PromptAds', user: 'ana', password: 'x', ...secure }],
    [
      'sqlserver://db.example:1433;databaseName=PromptCRM;user=ana;password=a=b;encrypt=true;trustServerCertificate=true',
      {
        server: 'db.example',
        port: 1433,
        database: 'PromptCRM',
        user: 'ana',
        password: 'a=b',
        encrypt: true,
        trustServerCertificate: true,
        instance: undefined,
      },
    ],
    [
      'mssql://ana:x@db.example/PromptAds?encrypt=false&instanceName=SALES',
      {
        server: 'db.example',
        database: 'PromptAds',
        user: 'ana',
        password: 'x',
        encrypt: false,
        trustServerCertificate: false,
        instance: 'SALES',
      },
    ],
  ])('%s is read, with encryption and a checked certificate unless it says otherwise', (address, place) => {
    expect(isSqlServerAddress(address)).toBe(true);
    expect(sqlServerPlace(address)).toEqual(place);
  });

  it.each([
    'postgres://ana:secreto@db.example/x',
    'mssql://ana:secreto@db.example',
    'mssql://ana:secreto@db.example/x?color=red',
    'sqlserver://db.example;secreto',
  ])('%s is none, and what is told of it holds no part of it that is secret', (address) => {
    const read = () => sqlServerPlace(address);
    expect(read).toThrow(UnreadableAddress);
    expect(read).not.toThrow(/secreto|db\.example/);
  });
});
