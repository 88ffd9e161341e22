comment on column domain_event.properties is 'The event''s own properties: a JSON object as it was sent, to the byte but for white space between tokens (and NUL, which becomes U+FFFD).';
