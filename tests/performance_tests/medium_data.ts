/** Last day of the data. */
const TODAY = `date '2026-11-20'`;
/** 0 up to but not including 1, the same in every run, for a row and a purpose. */
const chance = (row: string, purpose: number): string => `((hashint8(${row}::bigint * 31 + ${purpose}) & 1048575) / 1048576.0)`;

/** A tenth of PromptSales in the hub: 50,000 customers of 100 clients, 200 campaigns of 4 channels, 30,000 orders, 60,000 touches. Owner's SQL. */
export const MEDIUM_HUB = `
  INSERT INTO ads.channels SELECT c, initcap(c), 'social' FROM unnest(ARRAY['facebook', 'instagram', 'tiktok', 'youtube']) c;
  INSERT INTO business.clients (client_id, company, email, phone, status, created_at, updated_at)
    SELECT 'CLI-' || g, 'Empresa ' || g, 'e@example.com', '1', 'active', '2024-01-01Z', '2024-01-01Z' FROM generate_series(0, 99) g;
  INSERT INTO ads.campaigns SELECT 'CMP-' || g, 'CLI-' || g % 100, 'Campaña ' || g, 'sales', 'active', '2026-01-01', '2026-12-31', 1000, 'USD', '{CR}',
         'personas que corren en la montaña', '2025-12-01Z', '2025-12-01Z' FROM generate_series(1, 200) g;
  INSERT INTO sales.ad_day SELECT 'CMP-' || c, channel_id, ${TODAY} - d, 10, 1000, 20, 30, 2
    FROM generate_series(1, 200) c, ads.channels, generate_series(0, 179) d WHERE (c + d) % 2 = 0;
  INSERT INTO sales.order_day SELECT campaign_id, channel_id, day, 2, 100, 1, 0, 0, 0 FROM sales.ad_day;
  INSERT INTO sales.lead_day SELECT campaign_id, channel_id, day, 2, 1, 1 FROM sales.ad_day;
  INSERT INTO ads.daily_metrics SELECT campaign_id, channel_id, city, day, 5, 500, 10, 15, 1 FROM sales.ad_day, generate_series(1, 2) city;
  INSERT INTO crm.cities SELECT g, 'Ciudad ' || g, 'Región ' || g % 60, 'CR', 'Costa Rica', 9.9, -84.1, 1000 FROM generate_series(1, 300) g;
  INSERT INTO crm.customers (customer_id, client_id, customer_type, birth_year, sex, industry, segment, potential, city_id, latitude, longitude, created_at, updated_at)
    SELECT g, 'CLI-' || g % 100, 'person', 1950 + g % 55, 'female', NULL, 'loyal', 'p' || g % 3, 1 + g % 300, 8 + 3 * ${chance('g', 1)}, -86 + 3 * ${chance('g', 2)},
           '2024-01-01Z', '2024-01-01Z' FROM generate_series(1, 50000) g;
  INSERT INTO ads.touches SELECT g, 1 + floor(50000 * ${chance('g', 3)}), 'CMP-' || 1 + g % 200, (ARRAY['facebook', 'instagram', 'tiktok', 'youtube'])[1 + g % 4], 'click',
         ${TODAY} - ${chance('g', 4)} * interval '180 days' FROM generate_series(1, 60000) g;
  INSERT INTO crm.orders (order_id, customer_id, client_id, campaign_id, channel_id, city_id, status, first_order, currency, total, exchange_rate, total_usd, ordered_at)
    SELECT g, c, 'CLI-' || c % 100, 'CMP-' || 1 + g % 200, 'facebook', 1, 'paid', false, 'USD', 10, 1, 10, ${TODAY} - ${chance('g', 6)} * interval '700 days'
      FROM (SELECT g, 1 + floor(power(${chance('g', 5)}, 2) * 50000)::bigint AS c FROM generate_series(1, 30000) g) o;
  INSERT INTO crm.leads SELECT g, c, 'CLI-' || c % 100, 'CMP-' || 1 + g % 200, 'facebook', 'paid_social', 'contacted', 100,
         ${TODAY} - ${chance('g', 8)} * interval '700 days', ${TODAY}, NULL, NULL, NULL
      FROM (SELECT g, 1 + floor(${chance('g', 7)} * 50000)::bigint AS c FROM generate_series(1, 30000) g) l;
  INSERT INTO crm.interactions SELECT g, 1 + floor(50000 * ${chance('g', 9)}), 'call', 'positive', ${TODAY} FROM generate_series(1, 20000) g;`;

/** As many customers in PromptCRM. */
export const MEDIUM_CRM = `
  INSERT INTO crm.cities SELECT 1, 'San José', 'San José', 'CR', 'Costa Rica', 9.9, -84.1, 1000;
  INSERT INTO crm.customers SELECT g, 'CLI-' || g % 100, 'person', 'María Fernanda', 'Rodríguez Hernández', 'maria.fernanda.' || g || '@correo.example.com', '+506 8' || g,
         '1-' || g, '1990-01-01', 'female', NULL, 'loyal', 'high', 1, 9.9, -84.1, '2024-01-01Z', '2024-01-01Z' FROM generate_series(1, 50000) g;`;
