-- Data for who has only SSMS: 500,000 customers with leads, orders and interactions into an empty PromptCRM, by sets. The same numbers give the same data;
-- campaigns are those of database/sqlserver_ads/scripts/generate_data.sql (same @today). Coarser than the program's generator (`promptsales deploy crm --fill`),
-- which draws who buys from who was reached. Run it whole: a table that has rows already is left as it is, so it goes on where it was cut short.
-- Chance is a hash of what it decides about: HASHBYTES of (subject, number), as a number from 0 to 999,999.
IF NOT EXISTS (SELECT 1 FROM crm.contact_hash_key AS k) EXEC crm.set_contact_hash_key;
IF NOT EXISTS (SELECT 1 FROM crm.cities AS c)
  INSERT INTO crm.cities (city_id, name, region, country_code, country, latitude, longitude, population)
  VALUES (1, N'San José', N'San José', 'CR', N'Costa Rica', 9.9281, -84.0907, 342188), (2, N'Alajuela', N'Alajuela', 'CR', N'Costa Rica', 10.0163, -84.2116, 254886),
         (3, N'Cartago', N'Cartago', 'CR', N'Costa Rica', 9.8644, -83.9194, 147898), (4, N'Heredia', N'Heredia', 'CR', N'Costa Rica', 9.9981, -84.1198, 123616),
         (5, N'Liberia', N'Guanacaste', 'CR', N'Costa Rica', 10.6350, -85.4377, 62987), (6, N'Ciudad de México', N'CDMX', 'MX', N'México', 19.4326, -99.1332, 9209944),
         (7, N'Guadalajara', N'Jalisco', 'MX', N'México', 20.6597, -103.3496, 1385629), (8, N'Monterrey', N'Nuevo León', 'MX', N'México', 25.6866, -100.3161, 1142994),
         (9, N'Bogotá', N'Bogotá', 'CO', N'Colombia', 4.7110, -74.0721, 7743955), (10, N'Medellín', N'Antioquia', 'CO', N'Colombia', 6.2476, -75.5658, 2533424),
         (11, N'Lima', N'Lima', 'PE', N'Perú', -12.0464, -77.0428, 9751717), (12, N'Ciudad de Guatemala', N'Guatemala', 'GT', N'Guatemala', 14.6349, -90.5069, 1213651),
         (13, N'Ciudad de Panamá', N'Panamá', 'PA', N'Panamá', 8.9824, -79.5199, 880691), (14, N'Santiago', N'Región Metropolitana', 'CL', N'Chile', -33.4489, -70.6693, 5220161);
GO
-- Customers, 10,000 at a time through the procedure that encrypts them. Each call is a transaction of its own.
DECLARE @today date = '2026-11-21', @count int = 500000, @first int = ISNULL((SELECT MAX(c.customer_id) FROM crm.customers AS c), 0) + 1;
DECLARE @batch crm.customer_row;
WHILE @first <= @count
BEGIN
  DELETE FROM @batch;
  WITH digits AS (
    SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (n)
  ), numbers AS (
    SELECT @first + a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c CROSS JOIN digits AS d
  ), drawn AS (
    SELECT n.n, CONVERT(int, SUBSTRING(h.bytes, 1, 3)) AS a, CONVERT(int, SUBSTRING(h.bytes, 4, 3)) AS b, CONVERT(int, SUBSTRING(h.bytes, 7, 3)) AS c,
           CONVERT(int, SUBSTRING(h.bytes, 10, 3)) AS d, CONVERT(int, SUBSTRING(h.bytes, 13, 3)) AS e
      FROM numbers AS n
     CROSS APPLY (SELECT HASHBYTES('SHA2_256', CONCAT('customer ', n.n)) AS bytes) AS h
     WHERE n.n <= @count
  )
  INSERT INTO @batch (customer_id, client_id, customer_type, first_name, last_name, email, phone, document, birth_date, sex, industry, segment, potential,
         city_id, latitude, longitude, created_at, updated_at)
  SELECT d.n, CONCAT('CLI-', RIGHT(CONCAT('000', 1 + d.a % 200), 3)), 'person', names.first_name, CONCAT(names.last_name, N' ', names.second_name),
         CONCAT(N'cliente', d.n, N'@example.com'), CONCAT(N'+506 8', RIGHT(CONCAT('0000000', d.b % 10000000), 7)),
         CONCAT(1 + d.c % 9, N'-', RIGHT(CONCAT('0000', d.d % 10000), 4), N'-', RIGHT(CONCAT('0000', d.e % 10000), 4)),
         DATEADD(day, -(6600 + d.b % 22000), @today), CASE d.a % 2 WHEN 0 THEN 'female' ELSE 'male' END, NULL,
         CASE WHEN d.c % 100 < 10 THEN 'vip' WHEN d.c % 100 < 30 THEN 'loyal' WHEN d.c % 100 < 65 THEN 'occasional' WHEN d.c % 100 < 80 THEN 'new' ELSE 'dormant' END,
         CASE WHEN d.d % 100 < 20 THEN 'high' WHEN d.d % 100 < 60 THEN 'medium' ELSE 'low' END,
         t.city_id, t.latitude + (d.b % 2001 - 1000) / 20000.0, t.longitude + (d.c % 2001 - 1000) / 20000.0,
         DATEADD(second, -(d.e % 63072000), CONVERT(datetime2(7), @today)), CONVERT(datetime2(7), @today)
    FROM drawn AS d
    JOIN crm.cities AS t ON t.city_id = 1 + d.e % 14
   CROSS APPLY (SELECT CHOOSE(1 + d.a % 8, N'María José', N'Ana', N'Lucía', N'Sofía', N'Carlos', N'José', N'Luis', N'Andrés') AS first_name,
                       CHOOSE(1 + d.b % 6, N'Rodríguez', N'Mora', N'Jiménez', N'Núñez', N'Castro', N'Solís') AS last_name,
                       CHOOSE(1 + d.d % 6, N'Vargas', N'Rojas', N'Araya', N'Peña', N'Quesada', N'Brenes') AS second_name) AS names;
  EXEC crm.save_customers @customers = @batch;
  SET @first += 10000;
END;
GO
-- Leads: every seventh customer, four in five of a campaign that ran when the lead came. A stage is reached after the one before.
DECLARE @today date = '2026-11-21';
IF NOT EXISTS (SELECT 1 FROM crm.leads AS l)
  INSERT INTO crm.leads WITH (TABLOCK) (lead_id, customer_id, client_id, campaign_id, channel_id, source, stage, value_usd, created_at, contacted_at, qualified_at,
         proposal_at, closed_at)
  SELECT ROW_NUMBER() OVER (ORDER BY c.customer_id), c.customer_id, c.client_id,
         CASE WHEN d.b % 5 > 0 THEN campaign.id END, CASE WHEN d.b % 5 > 0 THEN CHOOSE(1 + campaign.number % 3, 'facebook', 'instagram', 'google_search') END,
         CASE WHEN d.b % 5 = 0 THEN 'organic' WHEN campaign.number % 3 = 2 THEN 'paid_search' ELSE 'paid_social' END,
         CHOOSE(reached.steps + 1, 'new', 'contacted', 'qualified', 'proposal', CASE d.c % 3 WHEN 0 THEN 'lost' ELSE 'won' END),
         50 + d.a % 5000, times.created_at,
         CASE WHEN reached.steps >= 1 THEN DATEADD(hour, 5, times.created_at) END, CASE WHEN reached.steps >= 2 THEN DATEADD(hour, 40, times.created_at) END,
         CASE WHEN reached.steps >= 3 THEN DATEADD(hour, 90, times.created_at) END, CASE WHEN reached.steps >= 4 THEN DATEADD(hour, 200, times.created_at) END
    FROM crm.customers AS c
   CROSS APPLY (SELECT HASHBYTES('SHA2_256', CONCAT('lead ', c.customer_id)) AS bytes) AS h
   CROSS APPLY (SELECT CONVERT(int, SUBSTRING(h.bytes, 1, 3)) AS a, CONVERT(int, SUBSTRING(h.bytes, 4, 3)) AS b, CONVERT(int, SUBSTRING(h.bytes, 7, 3)) AS c) AS d
   -- Campaign k is client (k - 1) % 200 + 1's and ran 60 days, 5 to 19 of them before the lead.
   CROSS APPLY (SELECT CONVERT(int, RIGHT(c.client_id, 3)) + 200 * (d.a % 5) AS number) AS chosen
   CROSS APPLY (SELECT chosen.number, CONCAT('CMP-G', RIGHT(CONCAT('0000', chosen.number), 4)) AS id,
                       DATEADD(day, CASE WHEN chosen.number % 10 < 3 THEN -(20 + chosen.number % 30) ELSE -(61 + chosen.number * 7 % 600) END, @today) AS start_date) AS campaign
   CROSS APPLY (SELECT DATEADD(second, d.c % 86400, CONVERT(datetime2(7), DATEADD(day, 5 + d.b % 15, campaign.start_date))) AS created_at) AS times
   CROSS APPLY (SELECT CASE WHEN DATEADD(hour, 200, times.created_at) > CONVERT(datetime2(7), @today) THEN 0 ELSE d.c % 5 END AS steps) AS reached
   WHERE c.customer_id % 7 = 0;
GO
-- Orders: of leads that were won, attributed to their campaign; and of customers nobody reached.
IF NOT EXISTS (SELECT 1 FROM crm.orders AS o)
  INSERT INTO crm.orders WITH (TABLOCK) (order_id, customer_id, client_id, campaign_id, channel_id, touch_id, lead_id, city_id, status, first_order, currency, total,
         exchange_rate, total_usd, ordered_at)
  SELECT ROW_NUMBER() OVER (ORDER BY s.ordered_at, s.customer_id), s.customer_id, s.client_id, s.campaign_id, s.channel_id, NULL, s.lead_id, s.city_id,
         CASE WHEN s.chance % 100 < 94 THEN 'paid' WHEN s.chance % 100 < 97 THEN 'refunded' ELSE 'cancelled' END,
         CASE ROW_NUMBER() OVER (PARTITION BY s.customer_id ORDER BY s.ordered_at, s.lead_id) WHEN 1 THEN 1 ELSE 0 END,
         'USD', s.total_usd, 1, s.total_usd, s.ordered_at
    FROM (SELECT l.customer_id, l.client_id, l.campaign_id, l.channel_id, l.lead_id, c.city_id, CONVERT(decimal(12,2), l.value_usd) AS total_usd,
                 l.closed_at AS ordered_at, CONVERT(int, l.lead_id % 100) AS chance
            FROM crm.leads AS l JOIN crm.customers AS c ON c.customer_id = l.customer_id WHERE l.stage = 'won'
           UNION ALL
          SELECT c.customer_id, c.client_id, NULL, NULL, NULL, c.city_id, CONVERT(decimal(12,2), 10 + d.a % 400), DATEADD(day, 1 + d.a % 30, c.created_at),
                 CONVERT(int, c.customer_id % 100)
            FROM crm.customers AS c
           CROSS APPLY (SELECT CONVERT(int, SUBSTRING(HASHBYTES('SHA2_256', CONCAT('order ', c.customer_id)), 1, 3)) AS a) AS d
           WHERE c.customer_id % 2 = 0 AND DATEADD(day, 31, c.created_at) < c.updated_at) AS s;
GO
IF NOT EXISTS (SELECT 1 FROM crm.interactions AS i)
  INSERT INTO crm.interactions WITH (TABLOCK) (interaction_id, customer_id, kind, outcome, occurred_at)
  SELECT ROW_NUMBER() OVER (ORDER BY o.ordered_at, o.order_id), o.customer_id, CHOOSE(1 + CONVERT(int, o.order_id % 6), 'call', 'email', 'meeting', 'chat', 'visit', 'complaint'),
         CHOOSE(1 + CONVERT(int, o.order_id % 4), 'positive', 'neutral', 'negative', 'no_answer'), DATEADD(hour, -2, o.ordered_at)
    FROM crm.orders AS o
   WHERE o.order_id % 3 = 0;
GO
