/** SQL that puts as many customers and orders as PromptSales has into an empty hub: spread unevenly, and the same in every run. */
export function manyCustomers(customers: number, orders: number): string {
  return `
    INSERT INTO crm.cities SELECT g, 'Ciudad ' || g, 'Región ' || g % 60, 'C' || g % 8, 'País ' || g % 8, 9.9, -84.1, 1000 FROM generate_series(1, 300) g;
    INSERT INTO business.clients (client_id, company, email, phone, status, created_at, updated_at)
      SELECT 'CLI-' || g, 'Empresa ' || g, 'e@example.com', '1', 'active', '2024-01-01Z', '2024-01-01Z' FROM generate_series(0, 199) g;
    INSERT INTO crm.customers (customer_id, client_id, customer_type, sex, industry, segment, potential, city_id, latitude, longitude, created_at,
                               updated_at, birth_year)
      SELECT g, 'CLI-' || g % 200, CASE WHEN g % 10 < 8 THEN 'person' ELSE 'company' END, CASE WHEN g % 2 = 0 THEN 'female' ELSE 'male' END, CASE WHEN g % 10 < 8 THEN NULL ELSE 'i' || g % 12 END,
             's' || g % 5, 'p' || g % 3, 1 + g % 300, 9.9, -84.1, '2024-01-01Z', '2024-01-01Z',
             extract(year FROM date '1950-01-01' + (g::bigint * 7919 % 20000)::integer) FROM generate_series(1, ${customers}) g;
    INSERT INTO crm.orders (order_id, customer_id, client_id, city_id, status, first_order, currency, total, exchange_rate, total_usd, ordered_at)
      SELECT g, c, 'CLI-' || c % 200, 1, CASE WHEN g % 25 = 0 THEN 'refunded' ELSE 'paid' END, false, 'USD', 10, 1,
             5 + (hashint8(g) & 32767) / 100.0 * (1 + c % 4), timestamptz '2024-11-21Z' + ((hashint8(g::bigint * 31) & 1048575) / 1048576.0) * interval '729 days'
        FROM (SELECT g, 1 + floor(power((hashint8(g::bigint * 17) & 1048575) / 1048576.0, 2.2) * ${customers})::bigint AS c FROM generate_series(1, ${orders}) g) o;
    VACUUM (ANALYZE, FREEZE);`;
}
