-- The hub's crm.orders.
CREATE VIEW etl.orders
AS
SELECT order_id, customer_id, client_id, campaign_id, channel_id, touch_id, lead_id, city_id, status, first_order, currency, total, exchange_rate, total_usd,
       ordered_at
  FROM crm.orders;
