-- Who lives near a place, and one customer's whole history.

-- Positions of a box of degrees, with all that a circle is counted by: the table itself is not read.
CREATE INDEX customers_position ON crm.customers (latitude, longitude) INCLUDE (customer_id, client_id, segment);
CREATE INDEX IF NOT EXISTS leads_customer ON crm.leads (customer_id);

-- Distances are worked out by the server, which tells them rounded to those who may not know where somebody lives.
GRANT SELECT (latitude, longitude) ON crm.customers TO promptsales_read;
