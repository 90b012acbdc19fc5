import { z } from 'zod';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

const Figure = z.number().nullable();

export const findNearbyCustomers = defineTool({
  name: 'find_nearby_customers',
  title: 'Customers near a place',
  description: lines(
    'Customers within a radius of a city or a point: the nearest first, and totals (customers, revenue) by distance band.',
    'Use it for "who lives near San José" or "how many customers within 20 km of the shop". Not for results of a campaign by city.',
    'Without the scope crm:pii names are masked, positions are told to about 100 m, and fewer than 5 customers are not broken down. With it, give a reason.',
    'Example: {"place":"San José, Costa Rica","radiusKm":10}',
    'Example: {"latitude":9.93,"longitude":-84.08,"radiusKm":5,"clientName":"Café Tarrazú","segment":"vip"}',
  ),
  input: z.object({
    place: z.string().trim().min(1).max(120).optional().describe('City, alone or with its region or country; or a city id'),
    latitude: z.number().min(-90).max(90).optional().describe('Degrees, north positive; with longitude, instead of place'),
    longitude: z.number().min(-180).max(180).optional(),
    radiusKm: z.number().min(0.1).max(500),
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id: only its customers'),
    segment: z.enum(['new', 'occasional', 'loyal', 'vip', 'dormant']).optional(),
    limit: z.int().min(1).max(50).default(20),
    reason: z.string().trim().min(3).max(500).optional().describe('Why personal data is read; needed with crm:pii, and audited'),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['data', 'no_data']),
      scope: z.string(),
      place: z.string().nullable(),
      latitude: z.number(),
      longitude: z.number(),
      customers: Figure.describe('null: fewer than 5'),
      revenue: Figure,
      bands: z.array(z.object({ fromKm: z.number(), toKm: z.number(), customers: z.number(), revenue: z.number() })),
      nearest: z.array(
        z.object({
          customerId: z.number(),
          name: z.string(),
          city: z.string(),
          clientId: z.string(),
          clientName: z.string(),
          segment: z.string(),
          potential: z.string(),
          distanceKm: Figure,
          band: z.string(),
          revenue: z.number(),
          latitude: Figure,
          longitude: Figure,
        }),
      ),
      basis: z
        .object({ radiusKm: z.number(), masked: z.boolean(), method: z.string(), assumes: z.array(z.string()) })
        .meta({ brief: true }),
    }),
  ),
  annotations: readOnly,
  scopes: ['crm:read'],
  // Each unmasked reading is written down, so none may be answered from memory.
  cache: 'none',
  aliases: {
    city: 'place',
    location: 'place',
    near: 'place',
    lugar: 'place',
    ciudad: 'place',
    lat: 'latitude',
    latitud: 'latitude',
    lon: 'longitude',
    lng: 'longitude',
    longitud: 'longitude',
    radius: 'radiusKm',
    radio: 'radiusKm',
    radioKm: 'radiusKm',
    radius_km: 'radiusKm',
    client: 'clientName',
    clientId: 'clientName',
    cliente: 'clientName',
    segmento: 'segment',
    limite: 'limit',
    límite: 'limit',
    motivo: 'reason',
  },
});
