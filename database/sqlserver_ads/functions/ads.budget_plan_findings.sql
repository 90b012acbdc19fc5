-- What each rule says of a plan, kept or broken. What lies outside a limit already may move towards it, only not further away.
-- found, fewest, most: the figure that is judged and its limits, as text: dollars, percent of change, shares (0 to 1), a month's first day, a status, a currency.
-- Shares are compared as products, planned * 1 against limit * total, so that no division rounds what lies exactly on a limit.
CREATE FUNCTION ads.budget_plan_findings (@changes ads.budget_change READONLY, @currency varchar(10), @today date)
RETURNS TABLE
AS RETURN (
  WITH campaigns AS (
    SELECT c.campaign_id, c.client_id, c.status, c.start_date, c.end_date, c.budget, c.currency
      FROM ads.campaigns AS c WHERE c.campaign_id IN (SELECT a.campaign_id FROM @changes AS a)
  ),
  -- Every channel of the months asked about, as it is and as it would be.
  planned AS (
    SELECT m.campaign_id, m.month, k.channel_id, b.planned AS was, COALESCE(a.planned, b.planned, 0) AS planned,
           CASE WHEN a.planned IS NULL THEN 0 ELSE 1 END AS is_asked
      FROM (SELECT DISTINCT a.campaign_id, a.month FROM @changes AS a) AS m
      JOIN ads.campaign_channels AS k ON k.campaign_id = m.campaign_id
      LEFT JOIN ads.campaign_budgets AS b ON b.campaign_id = m.campaign_id AND b.channel_id = k.channel_id AND b.month = m.month
      LEFT JOIN @changes AS a ON a.campaign_id = m.campaign_id AND a.channel_id = k.channel_id AND a.month = m.month
  ),
  months AS (
    SELECT p.campaign_id, p.month, CONVERT(decimal(18,2), SUM(p.was)) AS was, CONVERT(decimal(19,4), SUM(p.planned)) AS planned, COUNT(*) AS channels
      FROM planned AS p GROUP BY p.campaign_id, p.month
  ),
  totals AS (
    SELECT c.campaign_id, c.budget, t.was, CONVERT(decimal(19,4), t.was + d.more) AS planned
      FROM campaigns AS c
     CROSS APPLY (SELECT CONVERT(decimal(18,2), ISNULL(SUM(b.planned), 0)) AS was FROM ads.campaign_budgets AS b WHERE b.campaign_id = c.campaign_id) AS t
     CROSS APPLY (SELECT ISNULL(SUM(p.planned - ISNULL(p.was, 0)), 0) AS more FROM planned AS p WHERE p.campaign_id = c.campaign_id) AS d
  ),
  matching AS (
    SELECT c.campaign_id, r.most_per_month, r.most_change_percent, r.fewest_share, r.most_share, r.may_exceed_budget,
           CASE WHEN r.client_id IS NULL THEN 0 ELSE 2 END + CASE WHEN r.country IS NULL THEN 0 ELSE 1 END AS nearness
      FROM campaigns AS c
      JOIN ads.budget_rules AS r
        ON (r.client_id IS NULL OR r.client_id = c.client_id)
       AND (r.country IS NULL OR EXISTS (SELECT 1 FROM ads.campaign_countries AS k WHERE k.campaign_id = c.campaign_id AND k.country = r.country))
  ),
  limits AS (
    SELECT c.campaign_id,
           (SELECT TOP (1) r.most_per_month FROM matching AS r WHERE r.campaign_id = c.campaign_id AND r.most_per_month IS NOT NULL
             ORDER BY r.nearness DESC, r.most_per_month) AS most_per_month,
           (SELECT TOP (1) r.most_change_percent FROM matching AS r WHERE r.campaign_id = c.campaign_id AND r.most_change_percent IS NOT NULL
             ORDER BY r.nearness DESC, r.most_change_percent) AS most_change_percent,
           (SELECT TOP (1) r.fewest_share FROM matching AS r WHERE r.campaign_id = c.campaign_id AND r.fewest_share IS NOT NULL
             ORDER BY r.nearness DESC, r.fewest_share DESC) AS fewest_share,
           (SELECT TOP (1) r.most_share FROM matching AS r WHERE r.campaign_id = c.campaign_id AND r.most_share IS NOT NULL
             ORDER BY r.nearness DESC, r.most_share) AS most_share,
           (SELECT TOP (1) r.may_exceed_budget FROM matching AS r WHERE r.campaign_id = c.campaign_id AND r.may_exceed_budget IS NOT NULL
             ORDER BY r.nearness DESC, r.may_exceed_budget) AS may_exceed_budget
      FROM campaigns AS c
  ),
  found AS (
    SELECT 'status' AS [rule], c.campaign_id, CONVERT(date, NULL) AS month, CONVERT(varchar(40), NULL) AS channel_id,
           CASE WHEN c.status NOT IN ('draft', 'completed') THEN 1 ELSE 0 END AS ok,
           CONVERT(varchar(40), c.status) AS found, CONVERT(varchar(40), NULL) AS fewest, CONVERT(varchar(40), NULL) AS most
      FROM campaigns AS c
    UNION ALL
    SELECT 'currency', c.campaign_id, NULL, NULL, CASE WHEN c.currency = @currency THEN 1 ELSE 0 END, @currency, c.currency, c.currency
      FROM campaigns AS c
    UNION ALL
    SELECT 'month_over', m.campaign_id, m.month, NULL, CASE WHEN m.month > EOMONTH(@today, -1) THEN 1 ELSE 0 END,
           CONVERT(varchar(10), m.month, 23), CONVERT(varchar(10), DATEADD(day, 1, EOMONTH(@today, -1)), 23), NULL
      FROM months AS m
    UNION ALL
    SELECT 'running_dates', m.campaign_id, m.month, NULL, CASE WHEN m.month <= c.end_date AND EOMONTH(m.month) >= c.start_date THEN 1 ELSE 0 END,
           CONVERT(varchar(10), m.month, 23), CONVERT(varchar(10), DATEADD(day, 1, EOMONTH(c.start_date, -1)), 23),
           CONVERT(varchar(10), DATEADD(day, 1, EOMONTH(c.end_date, -1)), 23)
      FROM months AS m JOIN campaigns AS c ON c.campaign_id = m.campaign_id
    UNION ALL
    SELECT 'channel', a.campaign_id, a.month, a.channel_id, CASE WHEN k.channel_id IS NULL THEN 0 ELSE 1 END, a.channel_id, NULL, NULL
      FROM @changes AS a
      LEFT JOIN ads.campaign_channels AS k ON k.campaign_id = a.campaign_id AND k.channel_id = a.channel_id
    UNION ALL
    SELECT 'most_per_month', p.campaign_id, p.month, p.channel_id, CASE WHEN p.planned <= l.most_per_month OR p.planned <= p.was THEN 1 ELSE 0 END,
           CONVERT(varchar(40), CONVERT(decimal(18,2), ROUND(p.planned, 2))), NULL, CONVERT(varchar(40), l.most_per_month)
      FROM planned AS p JOIN limits AS l ON l.campaign_id = p.campaign_id
     WHERE p.is_asked = 1 AND l.most_per_month IS NOT NULL
    UNION ALL
    SELECT 'most_change', p.campaign_id, p.month, p.channel_id, CASE WHEN ABS(p.planned - p.was) * 100 <= l.most_change_percent * p.was THEN 1 ELSE 0 END,
           CONVERT(varchar(40), CONVERT(decimal(24,2), ROUND((p.planned - p.was) * 100 / p.was, 2))), CONVERT(varchar(40), -l.most_change_percent),
           CONVERT(varchar(40), l.most_change_percent)
      FROM planned AS p JOIN limits AS l ON l.campaign_id = p.campaign_id
     WHERE p.is_asked = 1 AND p.was > 0 AND l.most_change_percent IS NOT NULL
    UNION ALL
    SELECT 'share', p.campaign_id, p.month, p.channel_id,
           CASE WHEN (l.most_share IS NULL OR p.planned <= l.most_share * m.planned OR (m.was > 0 AND p.planned * m.was <= ISNULL(p.was, 0) * m.planned))
                 AND (l.fewest_share IS NULL OR p.planned = 0 OR p.planned >= l.fewest_share * m.planned
                      OR (p.was > 0 AND p.planned * m.was >= p.was * m.planned)) THEN 1 ELSE 0 END,
           CONVERT(varchar(40), CONVERT(decimal(5,4), ROUND(p.planned / m.planned, 4))), CONVERT(varchar(40), l.fewest_share), CONVERT(varchar(40), l.most_share)
      FROM planned AS p
      JOIN months AS m ON m.campaign_id = p.campaign_id AND m.month = p.month
      JOIN limits AS l ON l.campaign_id = p.campaign_id
     WHERE m.channels > 1 AND m.planned > 0 AND (l.most_share IS NOT NULL OR l.fewest_share IS NOT NULL)
    UNION ALL
    SELECT 'campaign_budget', t.campaign_id, NULL, NULL,
           CASE WHEN l.may_exceed_budget = 1 OR t.planned <= t.budget OR t.planned <= t.was THEN 1 ELSE 0 END,
           CONVERT(varchar(40), CONVERT(decimal(18,2), ROUND(t.planned, 2))), NULL,
           CASE WHEN l.may_exceed_budget = 1 THEN NULL ELSE CONVERT(varchar(40), t.budget) END
      FROM totals AS t JOIN limits AS l ON l.campaign_id = t.campaign_id
  )
  SELECT f.[rule], f.campaign_id, f.month, f.channel_id, CONVERT(bit, f.ok) AS ok, f.found, f.fewest, f.most
    FROM found AS f
);
