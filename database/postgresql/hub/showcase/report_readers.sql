-- Business question: who may read which report? Marketing everything, sales what its campaigns earn, users nothing here.
-- Shows: GRANT and REVOKE: first all is taken from everybody, so that running it again also takes away what is granted no longer. After the other files.
REVOKE ALL ON SCHEMA reports FROM PUBLIC, marketing, sales, users;
REVOKE ALL ON ALL TABLES IN SCHEMA reports FROM PUBLIC, marketing, sales, users;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reports FROM PUBLIC, marketing, sales, users;
GRANT USAGE ON SCHEMA reports TO marketing, sales;
GRANT SELECT ON reports.campaign_health TO marketing, sales;
GRANT SELECT ON reports.spend_beside_sales TO marketing;
GRANT EXECUTE ON FUNCTION reports.extra_budget(numeric, numeric, date, date) TO marketing;
