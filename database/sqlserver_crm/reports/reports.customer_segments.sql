-- Business question: how do a client's customers divide into segments and potential, with the totals of each?
-- Shows: GROUPING SETS, COALESCE over GROUPING, a share by PARTITION BY. Used by: the reports role; segment_customers finds who is in a segment, from the hub.
CREATE VIEW reports.customer_segments
AS
SELECT c.client_id, CASE GROUPING(c.segment) WHEN 1 THEN 'all' ELSE c.segment END AS segment,
       CASE GROUPING(c.potential) WHEN 1 THEN 'all' ELSE c.potential END AS potential, COUNT_BIG(*) AS customers,
       COUNT_BIG(*) / NULLIF(CONVERT(decimal(18,6), SUM(CASE WHEN GROUPING_ID(c.segment, c.potential) = 3 THEN COUNT_BIG(*) END) OVER (PARTITION BY c.client_id)), 0) AS share
  FROM crm.customers AS c
 GROUP BY GROUPING SETS ((c.client_id, c.segment, c.potential), (c.client_id, c.segment), (c.client_id));
