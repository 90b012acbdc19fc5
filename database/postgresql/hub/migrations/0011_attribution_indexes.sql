-- Attribution reads the orders of a client or of everybody in a period, and who was touched in it.
CREATE INDEX orders_client ON crm.orders (client_id, ordered_at);                                 -- a client's sales in a period
CREATE INDEX orders_time ON crm.orders (ordered_at);                                              -- everybody's
CREATE INDEX touches_time ON ads.touches (touched_at);                                            -- those touched who did not buy
